"""
A proxy in front of Redis that injects network and server faults. Knows no products.

    pass      forward everything
    refuse    refuse connections
    drop      forward no data and close no connection, as in a network partition
    loading   answer -LOADING, as Redis does while it reads its data from disk
    slow      delay each reply by up to `seconds`
    late      delay each reply by `seconds`
    lose      every `seconds` lose one command, in turn before and after it takes effect; never two
              of the same write, which promise 1 does not cover
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final, NamedTuple

from dev.faults.proxy import Proxy

LOADING: Final = b"-LOADING Redis is loading the dataset in memory\r\n"
READS: Final = {b"GET", b"GETEX", b"PING", b"CLIENT", b"HELLO", b"SELECT"}


class _Command(NamedTuple):
    """A command and its bytes on the wire."""

    args: list[bytes]
    raw: bytes


class RedisProxy(Proxy):
    """The proxy of one Redis."""

    def __init__(self, upstream: int) -> None:
        super().__init__(upstream)
        self._losers: set[bytes] = set()
        self._next_loss = 0.0

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        silent = threading.Event()
        threading.Thread(
            target=self._forward_replies, args=(server, client, silent), daemon=True
        ).start()
        for command in _commands(client.makefile("rb")):
            loss = self._loss(command)
            if self._mode == "drop" or loss == "before":
                silent.set()
            if self._mode == "loading" and command.args[0] != b"CLIENT":
                client.sendall(LOADING)
            elif not silent.is_set():
                if loss == "after":  # neither this reply nor any later one is forwarded
                    silent.set()
                server.sendall(command.raw)

    def _forward_replies(
        self, server: socket.socket, client: socket.socket, silent: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if self._mode in ("slow", "late"):
                    least = self._seconds if self._mode == "late" else 0.0
                    time.sleep(random.uniform(least, self._seconds))  # noqa: S311 — no secret
                if not silent.is_set() and self._mode != "drop":
                    client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def _loss(self, command: _Command) -> str | None:
        """Return `before` or `after` if this command is to be lost, else `None`."""
        now, args = time.monotonic(), command.args
        if self._mode != "lose" or args[0].upper() in READS:
            return None
        # EVAL script 1 key token …: fence and release of one write have the same token.
        has_token = args[0] == b"EVAL" and len(args) > 4
        mark = args[4] if has_token else args[1] + b"%d" % now
        with self._lock:
            if mark in self._losers or now < self._next_loss:
                return None
            self._losers.add(mark)
            self._next_loss = now + self._seconds
            return "before" if len(self._losers) % 2 else "after"


def _commands(stream: BinaryIO) -> Iterator[_Command]:
    """Yield commands of Redis's protocol: arrays of strings."""
    while head := stream.readline():
        raw, args = head, []
        for _ in range(int(head[1:])):
            size = stream.readline()
            value = stream.read(int(size[1:]) + 2)
            raw += size + value
            args.append(value[:-2])
        yield _Command(args, raw)
