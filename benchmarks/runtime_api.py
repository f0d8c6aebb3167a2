"""
A stand-in of the Lambda runtime API, for one function: gives it events, takes its answers.

Blocking and without threads, so that it takes no time from what it measures. The protocol:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import re
import select
import socket
import time
from typing import Any, Final

_TIMEOUT_SECONDS: Final = 60
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCEPTED: Final = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_EVENT: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419\r\n"
    b"Lambda-Runtime-Deadline-Ms: %d\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)


class FunctionFailed(Exception):
    """The function raised, at its start or for an event, or does not answer."""


class RuntimeApi:
    """Listens on a port of its own, for the one client that the function has."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._asking: socket.socket | None = None
        self.address = "{}:{}".format(*self._listener.getsockname())

    def close(self) -> None:
        """Close every connection, which ends a function that waits for an event."""
        for each in (self._listener, *self._connections):
            each.close()

    def wait_ready(self) -> socket.socket:
        """Return once the function asks for an event: at the end of its init phase, say."""
        if self._asking is None:
            self._asking, path, body = self._request()
            if not path.endswith("/invocation/next"):
                raise FunctionFailed(f"{path}: {body.decode(errors='replace')}")
        return self._asking

    def invoke(self, event: bytes) -> tuple[dict[str, Any], float, float]:
        """Return the answer, the seconds that it took, and when it came. Raise `FunctionFailed`."""
        asking, self._asking = self.wait_ready(), None
        message = _EVENT % (int((time.time() + 15) * 1000), len(event), event)
        started = time.perf_counter()
        asking.sendall(message)
        answering, path, body = self._request()
        ended = time.perf_counter()
        answering.sendall(_ACCEPTED)
        answer = json.loads(body)
        if not path.endswith("/response") or answer.get("statusCode") not in (200, 304):
            raise FunctionFailed(f"{path}: {answer}")
        return answer, ended - started, ended

    def _request(self) -> tuple[socket.socket, str, bytes]:
        """Return the next request, on whichever connection it comes."""
        while True:
            waiting = [self._listener, *self._connections]
            readable, _, _ = select.select(waiting, [], [], _TIMEOUT_SECONDS)
            if not readable:
                raise FunctionFailed("no answer")
            if readable[0] is self._listener:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections.append(connection)
            elif request := _read(readable[0]):
                return readable[0], *request
            else:
                self._connections.remove(readable[0])
                readable[0].close()


def _read(connection: socket.socket) -> tuple[str, bytes] | None:
    """Return path and body, or `None` where the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(1 << 16)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length and len(body) < int(length[1]):
        body += connection.recv(1 << 20)
    return head.split(b" ", 2)[1].decode(), body
