"""
A connection to one Redis server: TCP, TLS, the greeting, and asking over it. No other command.

hiredis writes and reads the protocol, RESP2. The rest of redis-py would take longer to import than
all else that a hit needs (`docs/decisions/0019`). Errors are the system's: `OSError`, of which
`TimeoutError` is one.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hiredis import Reader, pack_command

from chalicelib.sockets import limit_silence

if TYPE_CHECKING:
    import ssl

Command = tuple[str | bytes | int, ...]
Credentials = Callable[[], tuple[str, str]]
"""Gives user and password; the user of a server that knows no users is empty."""

_Address = tuple[Any, Any, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` has it."""
_LEAST_SECONDS: Final = 0.001
"""Zero would mean: do not wait, and fail though the answer is there."""
_CHUNK_BYTES: Final = 65536


class Refused(Exception):
    """
    A no in place of a result: Redis', or AWS's where a token is asked for.

    Its first word is its kind, as in `READONLY You can't write against a read only replica`.
    """

    @property
    def kind(self) -> str:
        """Return what programs tell it by. The rest is for people, and may quote what was sent."""
        return str(self).partition(" ")[0]


def accepted(answers: list[Any], but: str | None = None) -> list[Any]:
    """Return the answers. Raise the first refusal, `but` those of a kind."""
    for answer in answers:
        if isinstance(answer, Refused) and answer.kind != but:
            raise answer
    return answers


class Options(NamedTuple):
    """How to connect, wherever to."""

    seconds: float
    """What a connection has to get ready in, once its address is known; then each question."""
    database: int = 0
    tls: ssl.SSLContext | None = None
    credentials: Credentials | None = None


class Connection:
    """
    To one server, opened by the first question. Of one thread at a time.

    It is idle with nothing outstanding, or closed: no answer can be taken for another question's.
    """

    def __init__(self, host: str, port: int, options: Options) -> None:
        self._host = host
        self._port = port
        self._options = options
        self._socket: socket.socket | None = None
        self._reader = _reader()
        self._news = select.poll()

    @property
    def is_open(self) -> bool:
        """Whether it is, and Redis has not said a word meanwhile: nobody has asked for one."""
        return self._socket is not None and not self._news.poll(0)

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """
        Send all in one round trip; return an answer for each, a `Refused` where Redis gave one.

        Raise `OSError` where the connection fails, `TimeoutError` where the answers are late, and
        `Refused` where the greeting is. It is closed then.
        """
        try:
            return self._exchanged(self._socket or self._connected(), commands)
        except BaseException as error:
            self.close()
            if isinstance(error, BlockingIOError):
                raise TimeoutError("Redis is silent") from None
            raise

    def close(self) -> None:
        """End it. The next question opens it anew."""
        server, self._socket = self._socket, None
        if server is not None:
            server.close()

    def _exchanged(self, server: socket.socket, commands: Sequence[Command]) -> list[Any]:
        packed = [pack_command(command) for command in commands]  # type: ignore[arg-type] # stub: of one
        until = time.monotonic() + self._options.seconds
        _send(server, b"".join(packed), until)
        answers: list[Any] = []
        while True:
            received = server.recv(_CHUNK_BYTES)
            if not received:
                raise ConnectionResetError("Redis closed the connection")
            self._reader.feed(received)
            while (answer := self._reader.gets()) is not False:  # which RESP2 has not
                answers.append(answer)
            if len(answers) >= len(commands):
                break
            _check(until)
        if len(answers) > len(commands) or self._reader.has_data():
            raise ConnectionError("Redis answered what it was not asked")
        return answers

    def _connected(self) -> socket.socket:
        greeting = self._greeting()  # the first token takes 0.1 s, which is not the server's fault
        addresses = _addresses(self._host, self._port)  # nor is this, and nothing limits it
        ready_by = time.monotonic() + self._options.seconds
        self._socket = server = _opened(addresses, ready_by)
        self._reader = _reader()
        tls = self._options.tls
        if tls is not None:
            server.settimeout(_left(ready_by))
            self._socket = server = tls.wrap_socket(server, server_hostname=self._host)
        if greeting:
            server.settimeout(_left(ready_by))
            accepted(self._exchanged(server, greeting))
        if tls is None:
            limit_silence(server, self._options.seconds)
        else:
            server.settimeout(self._options.seconds)
        self._news = select.poll()
        self._news.register(server, select.POLLIN)
        return server

    def _greeting(self) -> list[Command]:
        greeting: list[Command] = []
        if self._options.credentials is not None:
            user, password = self._options.credentials()
            greeting.append(("AUTH", user, password) if user else ("AUTH", password))
        if self._options.database:
            greeting.append(("SELECT", self._options.database))
        return greeting


def _reader() -> Reader:
    return Reader(protocolError=ConnectionError, replyError=Refused)


def _addresses(host: str, port: int) -> list[_Address]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # of a name that no resolver can be asked for
        raise OSError("The host's name is none") from error


def _opened(addresses: Sequence[_Address], ready_by: float) -> socket.socket:
    """Try them in turn. One takes half of what is left: it may be the dead one."""
    failure = OSError("the host has no address")
    for address in addresses:
        try:
            return _to(address, _left(ready_by) / 2)
        except OSError as error:
            failure = error
    raise failure


def _to(address: _Address, seconds: float) -> socket.socket:
    family, kind, protocol, _, where = address
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(seconds)
        opened.connect(where)
    except BaseException:
        opened.close()
        raise
    return opened


def _send(server: socket.socket, data: bytes, until: float) -> None:
    """As `sendall`, whose time-out would begin anew with each part that goes."""
    sent = server.send(data)
    while sent < len(data):
        _check(until)
        sent += server.send(data[sent : sent + _CHUNK_BYTES])


def _check(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError("Redis is slow")


def _left(until: float) -> float:
    return max(until - time.monotonic(), _LEAST_SECONDS)
