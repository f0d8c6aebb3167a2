"""
A stand-in of the Lambda runtime API, for one function: gives it events, takes its answers.

Blocking and without threads, so that it takes no time from what it measures: an answer's time runs
from the event's last byte sent to the answer's last byte received. Knows no products. The protocol:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import re
import select
import socket
import time
from typing import Any, Final, NamedTuple, Self

_PATIENCE_SECONDS: Final = 60
_PREFIX: Final = "/2018-06-01/runtime"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCEPTED: Final = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_EVENT: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:f\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419\r\n"
    b"Lambda-Runtime-Deadline-Ms: %d\r\n"
    b"Content-Length: %d\r\n\r\n"
)


class FunctionFailed(Exception):
    """The function raised, at its start or for an event, or does not answer."""


class Answer(NamedTuple):
    """What the function answered: an answer as API Gateway takes it, and the moment it came."""

    body: bytes
    at: float

    def json(self) -> Any:
        """Return it decoded. Raise `FunctionFailed` for what is no 2xx and no 304."""
        answer = json.loads(self.body)
        if answer["statusCode"] // 100 != 2 and answer["statusCode"] != 304:
            raise FunctionFailed(f"It answered {answer}")
        return answer


class RuntimeApi:
    """Listens on a port of its own, for the one client that the function has."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.address = "{}:{}".format(*self._listener.getsockname())

    def __enter__(self) -> Self:
        """Be closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close, which ends a function that waits for an event."""
        for each in (self._listener, *self._connections):
            each.close()

    def ready(self) -> socket.socket:
        """Wait until the function asks for an event; return where to send it."""
        connection, path, body = self._request()
        if path != f"{_PREFIX}/invocation/next":
            raise FunctionFailed(f"It sent {path}: {body.decode(errors='replace')}")
        return connection

    def invoke(self, event: bytes) -> tuple[Answer, float]:
        """Return the answer to `event`, and how long it took, in seconds."""
        asking = self.ready()
        deadline_ms = int((time.time() + 15) * 1000)
        message = _EVENT % (deadline_ms, len(event)) + event
        started = time.perf_counter()
        asking.sendall(message)
        answering, path, body = self._request()
        ended = time.perf_counter()
        answering.sendall(_ACCEPTED)
        if not path.endswith("/response"):
            raise FunctionFailed(f"It sent {path}: {body.decode(errors='replace')}")
        return Answer(body, ended), ended - started

    def _request(self) -> tuple[socket.socket, str, bytes]:
        """Return the next request, on whichever connection it comes."""
        while True:
            waiting = [self._listener, *self._connections]
            readable, _, _ = select.select(waiting, [], [], _PATIENCE_SECONDS)
            if not readable:
                raise FunctionFailed("It does not answer")
            if readable[0] is self._listener:
                self._accept()
                continue
            request = _read(readable[0])
            if request is not None:
                return readable[0], *request
            self._connections.remove(readable[0])
            readable[0].close()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.append(connection)


def _read(connection: socket.socket) -> tuple[str, bytes] | None:
    """Return path and body, or `None` where the other side has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    parts, length = [body], len(body)
    stated = _LENGTH.search(head)
    while stated and length < int(stated[1]):
        parts.append(connection.recv(1 << 20))
        length += len(parts[-1])
    return head.split(b" ", 2)[1].decode(), b"".join(parts)
