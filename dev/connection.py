"""
A client's connection, in a thread of its own: requests come in, answers go out, in order.

A thread that waits costs little, and one request after another is how a Lambda works too. An
answer goes out in one segment, at once (with Nagle's algorithm the last would wait for 40 ms).
Knows HTTP/1.1 and no API.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple

from chalicelib.api.problems import TITLES
from dev.gateway import Answer, Gateway
from dev.requests import Refused, Request, RequestReader
from dev.sockets import limit_silence

_CHUNK_BYTES: Final = 64 * 1024
_BODILESS: Final = (204, 304)
_REASONS: Final = {**{status.value: status.phrase for status in HTTPStatus}, **TITLES}
_LINGER_SECONDS: Final = 1.0


class Patience(NamedTuple):
    """How long, in seconds, a client may be silent between requests, and take to send one."""

    idle: float = 75.0
    request: float = 30.0


class Connection:
    """Kept alive from one request to the next."""

    def __init__(
        self,
        client: socket.socket,
        gateway: Gateway,
        patience: Patience = Patience(),  # noqa: B008 — it never changes
        log: AbstractContextManager[object] = nullcontext(),  # noqa: B008 — nor does it
    ) -> None:
        """Answer each request within a block of `log`, which may put off what can wait."""
        self._client = client
        self._gateway = gateway
        self._patience = patience
        self._log = log
        self._reader = RequestReader()
        self._deadline: float | None = None

    def serve(self) -> None:
        """
        Answer until the client goes away, which is its right, or cannot be understood.

        Hang up on one that is silent, or sends a request by drops: it would hold a thread for ever.
        """
        with suppress(ConnectionError, TimeoutError, BlockingIOError), self._client:
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            limit_silence(self._client, self._patience.idle)
            while data := self._client.recv(_CHUNK_BYTES):
                if not self._answer(self._reader.feed(data)):
                    return
                if self._reader.invites_body():
                    self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                if self._reader.is_underway:
                    self._limit_wait()

    def _limit_wait(self) -> None:
        """Give a request its time as a whole, not anew with each byte. Raise `TimeoutError`."""
        now = time.monotonic()
        self._deadline = self._deadline or now + self._patience.request
        if now >= self._deadline:
            raise TimeoutError
        self._client.settimeout(self._deadline - now)

    def _answer(self, requests: Sequence[Request | Refused]) -> bool:
        """Answer each; tell whether the connection goes on."""
        if requests and self._deadline is not None:
            self._deadline = None
            self._client.settimeout(None)
        for request in requests:
            if isinstance(request, Refused):
                self._client.sendall(rendered(self._gateway.refuse(request)))
                self._linger()
                return False
            with self._log:
                self._client.sendall(rendered(self._gateway.answer(request), request))
            if not request.keeps_alive:
                return False
        return True

    def _linger(self) -> None:
        """Take in what the client still sends: a reset would cost it our answer."""
        deadline = time.monotonic() + _LINGER_SECONDS
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)
            self._client.settimeout(_LINGER_SECONDS)
            while time.monotonic() < deadline and self._client.recv(_CHUNK_BYTES):
                pass


_UNREAD: Final = Request()


def rendered(answer: Answer, request: Request = _UNREAD) -> bytes:
    """Return an answer as bytes. After a request that was not understood it is the last one."""
    status, body = answer.status, answer.body
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Date: {_date(int(time.time()))}"]
    for name, value in answer.headers.items():
        if status not in _BODILESS or name != "Content-Type":
            values = [value] if isinstance(value, str) else value
            lines += [f"{name}: {each}" for each in values]
    lines += _framing(request, status, body)
    has_content = request.method != "HEAD" and status not in _BODILESS
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body if has_content else b"")


def _framing(request: Request, status: int, body: bytes) -> Iterator[str]:
    if status not in _BODILESS and (body or request.method != "HEAD"):
        yield f"Content-Length: {len(body)}"
    if not request.keeps_alive:
        yield "Connection: close"
    elif request.version == "1.0":
        yield "Connection: keep-alive"


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
