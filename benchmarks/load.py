"""
A load of HTTP GETs over connections that are kept open.

    python -m benchmarks.load URL CONNECTIONS SECONDS

A program of its own and as small as it can be, so that the server has a processor to itself. Every
connection asks anew when it is answered. Prints what came as JSON: requests, resets, seconds each.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from typing import Final
from urllib.parse import SplitResult, urlsplit

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """One connection, and what it has seen."""

    def __init__(self, url: SplitResult) -> None:
        self._address = (url.hostname or "", url.port or 80)
        self._request = f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
        self._received = b""
        self._asked = 0.0
        self.seconds: list[float] = []
        self.connect()

    def connect(self) -> None:
        """Connect anew."""
        self.socket = socket.create_connection(self._address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        """Send the request."""
        self._received = b""
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def read(self) -> bool:
        """Take what has come; tell whether it is all. Raise `ConnectionError` at an end."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        self._received += data
        if not _is_whole(self._received):
            return False
        self.seconds.append(time.perf_counter() - self._asked)
        if not self._received.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(self._received.decode(errors="replace"))
        return True


def run(url: SplitResult, count: int, seconds: float) -> dict[str, object]:
    """Return what `count` connections got in `seconds`."""
    resets = 0
    connections = [Connection(url) for _ in range(count)]
    ends = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for each in connections:
            selector.register(each.socket, selectors.EVENT_READ, each)
            each.ask()
        while time.perf_counter() < ends:
            for key, _ in selector.select(1.0):
                resets += _served(selector, key.data)
    times = [taken for each in connections for taken in each.seconds]
    return {"resets": resets, "seconds": times}


def _served(selector: selectors.BaseSelector, connection: Connection) -> int:
    """Go on with a connection that can be read; return how often it was reset."""
    try:
        if connection.read():
            connection.ask()
    except ConnectionError:
        selector.unregister(connection.socket)
        connection.socket.close()
        connection.connect()
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.ask()
        return 1
    return 0


def _is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and length is not None and len(body) >= int(length[1])


if __name__ == "__main__":
    told = run(urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    sys.stdout.write(json.dumps(told))
