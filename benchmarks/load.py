"""
A load of HTTP GETs over connections that are kept open: `benchmarks.load URL CONNECTIONS SECONDS`.

A program of its own and small, since it takes processor time from the server. Every connection
sends its next request when it is answered. Prints the milliseconds of each answer, as JSON.
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
    """One connection, and the milliseconds of its answers."""

    def __init__(self, url: SplitResult) -> None:
        self.socket = socket.create_connection((url.hostname or "", url.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
        self.milliseconds: list[float] = []

    def send(self) -> None:
        """Send the request."""
        self._received = b""
        self._sent = time.perf_counter()
        self.socket.sendall(self._request)

    def read(self) -> None:
        """Take what is there; send the next request after the end of an answer."""
        data = self.socket.recv(1 << 18)
        self._received += data
        if not data or not self._received.startswith(b"HTTP/1.1 200 "[: len(self._received)]):
            raise RuntimeError(f"no answer: {self._received.decode(errors='replace')}")
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end + 2) if end >= 0 else None
        if length and len(self._received) >= end + 4 + int(length[1]):
            self.milliseconds.append(1000 * (time.perf_counter() - self._sent))
            self.send()


def run(url: SplitResult, count: int, seconds: float) -> list[float]:
    """Return what every answer took in `seconds`."""
    connections = {each.socket.fileno(): each for each in (Connection(url) for _ in range(count))}
    poll = select.poll()
    for number, connection in connections.items():
        poll.register(number, select.POLLIN)
        connection.send()
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        for number, _ in poll.poll(1000):
            connections[number].read()
    return [taken for each in connections.values() for taken in each.milliseconds]


if __name__ == "__main__":
    taken = run(urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    sys.stdout.write(json.dumps(taken))
