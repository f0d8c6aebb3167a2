"""
A TCP proxy in front of Redis that injects network and server faults. Knows no products.

    pass      forward everything
    refuse    refuse connections
    drop      forward no data and close no connection, as in a network partition
    loading   answer -LOADING, as Redis does while it reads its data from disk
    slow      delay each reply by up to `seconds`
    late      delay each reply by `seconds`
    lose      every `seconds` lose one command, in turn before and after it takes effect; never two
              of the same write, which promise 1 does not cover

Started by `remote.py`: `python -m dev.faults.redis_proxy UPSTREAM_PORT`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from contextlib import suppress
from typing import Any, Final

from dev.faults import remote, resp

LOADING: Final = b"-LOADING Redis is loading the dataset in memory\r\n"
READS: Final = {b"GET", b"GETEX", b"PING", b"CLIENT", b"HELLO", b"SELECT"}


class RedisProxy:
    """One listener in front of one Redis, and its current fault."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._losers: set[bytes] = set()
        self._next_loss = 0.0
        self.port = 0
        self.mode = "pass"
        self.seconds = 0.0
        self.lost = 0

    async def listen(self) -> None:
        """Accept connections: first on any free port, later on the same port again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def obey(
        self, mode: str, seconds: float = 0.0, upstream: int | None = None
    ) -> dict[str, Any]:
        """
        Set the mode. `cut` closes all connections and does not change the mode.

        If `upstream` is given, new connections go there. Open ones stay, as after a DNS change.
        """
        self._upstream = upstream or self._upstream
        if mode == "cut" or self.mode == "drop":
            self._cut()
        if mode == "refuse" and self._server:
            self._server.close()
            self._cut()
        if self.mode == "refuse" != mode:
            await self.listen()
        if mode != "cut":
            self.mode, self.seconds = mode, seconds
        return {"lost": self.lost}

    def loss(self, command: resp.Command) -> str | None:
        """Return `before` or `after` if this command is to be lost, else `None`."""
        now = time.monotonic()
        if self.mode != "lose" or now < self._next_loss or command.name in READS:
            return None
        # EVAL script 1 key token …: fence and release of one write have the same token.
        has_token = command.name == b"EVAL" and len(command.args) > 4
        mark = command.args[4] if has_token else command.args[1] + b"%d" % now
        if mark in self._losers:
            return None
        self._losers.add(mark)
        self._next_loss = now + self.seconds
        self.lost += 1
        return "before" if self.lost % 2 else "after"

    def delay(self) -> float:
        """Return the seconds by which to delay a reply."""
        least = self.seconds if self.mode == "late" else 0.0
        return random.uniform(least, self.seconds)  # noqa: S311 — no secret

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        with suppress(*remote.ENDS):
            await link.run(self._upstream)
        self._links.discard(link)
        link.close()

    def _cut(self) -> None:
        for link in tuple(self._links):
            link.close()


class _Link:
    """A client's connection and the connection to Redis for it."""

    def __init__(
        self, proxy: RedisProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writers = [writer]
        self._silent = False

    async def run(self, upstream: int) -> None:
        """Forward in both directions until one side closes."""
        replies, redis = await asyncio.open_connection("127.0.0.1", upstream)
        self._writers.append(redis)
        ways = [asyncio.create_task(self._requests()), asyncio.create_task(self._replies(replies))]
        _, running = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in running:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    def close(self) -> None:
        """Close both connections."""
        for writer in self._writers:
            writer.close()

    async def _requests(self) -> None:
        rest = b""
        while data := await self._reader.read(65536):
            commands, rest = resp.split(rest + data)
            for command in commands:
                self._forward(command)

    def _forward(self, command: resp.Command) -> None:
        client, redis = self._writers
        loss = self._proxy.loss(command)
        self._silent = self._silent or self._proxy.mode == "drop" or loss == "before"
        if self._proxy.mode == "loading" and command.name != b"CLIENT":
            client.write(LOADING)
        elif not self._silent:
            redis.write(command.raw)
        # Lost after it took effect: neither this reply nor any later one is forwarded.
        self._silent = self._silent or loss == "after"

    async def _replies(self, replies: asyncio.StreamReader) -> None:
        while data := await replies.read(65536):
            if self._proxy.mode in ("slow", "late"):
                await asyncio.sleep(self._proxy.delay())
            if not self._silent and self._proxy.mode != "drop":
                self._writers[0].write(data)


if __name__ == "__main__":
    asyncio.run(remote.serve(RedisProxy(int(sys.argv[1]))))
