"""
A load of HTTP GETs over connections that are kept open.

    python -m benchmarks.load URL CONNECTIONS SECONDS

A program of its own and as small as it can be, since it takes processors from the server. Every
connection asks anew when it is answered. Prints resets and each answer's seconds, as JSON.
"""

from __future__ import annotations

import json
import re
import select
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
    connections = [Connection(url) for _ in range(count)]
    waiting = {each.socket.fileno(): each for each in connections}
    poll = select.poll()
    for number in waiting:
        poll.register(number, select.POLLIN)
    ends = time.perf_counter() + seconds
    resets = 0
    for each in connections:
        each.ask()
    while time.perf_counter() < ends:
        for number, _ in poll.poll(1000):
            try:
                if waiting[number].read():
                    waiting[number].ask()
            except ConnectionError:
                resets += 1
                _reconnect(poll, waiting, number)
    return {"resets": resets, "seconds": [taken for each in connections for taken in each.seconds]}


def _reconnect(poll: select.poll, waiting: dict[int, Connection], number: int) -> None:
    connection = waiting.pop(number)
    poll.unregister(number)
    connection.socket.close()
    connection.connect()
    waiting[connection.socket.fileno()] = connection
    poll.register(connection.socket.fileno(), select.POLLIN)
    connection.ask()


def _is_whole(received: bytes) -> bool:
    end = received.find(b"\r\n\r\n")
    length = _LENGTH.search(received, 0, end) if end >= 0 else None
    return length is not None and len(received) >= end + 4 + int(length[1])


if __name__ == "__main__":
    told = run(urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    sys.stdout.write(json.dumps(told))
