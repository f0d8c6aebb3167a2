"""
An HTTP proxy in front of DynamoDB that counts calls and injects faults. Knows no products.

    pass      forward everything
    throttle  answer a `share` of the calls with ProvisionedThroughputExceededException
    fail      answer a `share` with InternalServerError, half of them after the call took effect
    slow      delay each call by up to `seconds`, half before and half after it takes effect
    refuse    refuse connections
    hang      accept connections, send no response

Started by `remote.py`: `python -m dev.faults.dynamodb_proxy UPSTREAM_PORT`.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from collections import Counter
from contextlib import suppress
from typing import Any, Final

from dev.faults import remote

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"\r\nx-amz-target: *DynamoDB_\d+\.(\w+)", re.IGNORECASE)
_ERRORS: Final = {
    "throttle": ("400 Bad Request", "ProvisionedThroughputExceededException"),
    "fail": ("500 Internal Server Error", "InternalServerError"),
}


class DynamoDBProxy:
    """One listener in front of one endpoint, and its current fault."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.calls: Counter[str] = Counter()
        self.port = 0
        self.mode = "pass"
        self.share = 1.0
        self.seconds = 0.0

    async def listen(self) -> None:
        """Accept connections: first on any free port, later on the same port again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def obey(self, mode: str, share: float = 1.0, seconds: float = 0.0) -> dict[str, Any]:
        """Set the mode. `count` only returns the calls by operation since the last `count`."""
        if mode == "count":
            calls, self.calls = self.calls, Counter()
            return dict(calls)
        if mode == "refuse" and self._server:
            self._server.close()
        if mode == "refuse" or self.mode == "hang":
            self._cut()
        if self.mode == "refuse" != mode:
            await self.listen()
        self.mode, self.share, self.seconds = mode, share, seconds
        return {}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(*remote.ENDS):
            upstream, sink = await asyncio.open_connection("127.0.0.1", self._upstream)
            with suppress(*remote.ENDS):
                while request := await self._request(reader):
                    writer.write(await self._answer(request, upstream, sink))
            sink.close()
        writer.close()
        self._open.discard(writer)

    async def _answer(
        self, request: bytes, upstream: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> bytes:
        """Return the response for a request."""
        mode, chosen = self.mode, random.random() < self.share  # noqa: S311 — no secret
        wait = random.uniform(0, self.seconds) / 2 if mode == "slow" else 0  # noqa: S311
        if chosen and (mode == "throttle" or (mode == "fail" and random.random() < 0.5)):  # noqa: S311
            return _error(mode)
        await asyncio.sleep(wait)
        sink.write(request)
        answer = await _message(upstream)
        await asyncio.sleep(wait)
        return _error(mode) if chosen and mode == "fail" else answer

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        """Count and return the next request. In mode `hang`, wait until the client disconnects."""
        request = await _message(reader)
        target = _TARGET.search(request)
        self.calls[target[1].decode() if target else "other"] += 1
        return await reader.read() if self.mode == "hang" else request

    def _cut(self) -> None:
        for writer in tuple(self._open):
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Return a complete request or response. Raise `IncompleteReadError` at the end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


def _error(mode: str) -> bytes:
    status, name = _ERRORS[mode]
    problem = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": "by the proxy"}
    body = json.dumps(problem).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    asyncio.run(remote.serve(DynamoDBProxy(int(sys.argv[1]))))
