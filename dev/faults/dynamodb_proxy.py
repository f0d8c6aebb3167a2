"""
A proxy in front of DynamoDB that counts calls and injects faults. Knows no products.

    pass      forward everything
    throttle  answer a `share` of the calls with ProvisionedThroughputExceededException
    fail      answer a `share` with InternalServerError, half of them after the call took effect
    slow      delay each call by up to `seconds`, half before and half after it takes effect
    refuse    refuse connections
    hang      accept connections, send no response
"""

from __future__ import annotations

import json
import random
import re
import socket
import time
from collections import Counter
from typing import BinaryIO, Final

from dev.faults.proxy import Proxy

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"\r\nx-amz-target: *DynamoDB_\d+\.(\w+)", re.IGNORECASE)
_ERRORS: Final = {
    "throttle": ("400 Bad Request", "ProvisionedThroughputExceededException"),
    "fail": ("500 Internal Server Error", "InternalServerError"),
}
_chance: Final = random.Random()  # noqa: S311 — no secret


class DynamoDBProxy(Proxy):
    """The proxy of one endpoint."""

    def __init__(self, upstream: int) -> None:
        super().__init__(upstream)
        self._calls: Counter[str] = Counter()

    def take_calls(self) -> dict[str, int]:
        """Return the calls by operation since the last time."""
        with self._lock:
            calls, self._calls = self._calls, Counter()
        return dict(calls)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        requests, responses = client.makefile("rb"), server.makefile("rb")
        while request := _message(requests):
            target = _TARGET.search(request)
            with self._lock:
                self._calls[target[1].decode() if target else "other"] += 1
            if self._mode == "hang":
                requests.read()  # until the client disconnects
                return
            client.sendall(self._response(request, server, responses))

    def _response(self, request: bytes, server: socket.socket, responses: BinaryIO) -> bytes:
        mode, is_chosen = self._mode, _chance.random() < self._share
        wait = _chance.uniform(0, self._seconds) / 2 if mode == "slow" else 0
        if is_chosen and (mode == "throttle" or (mode == "fail" and _chance.random() < 0.5)):
            return _error(mode)
        time.sleep(wait)
        server.sendall(request)
        response = _message(responses)
        time.sleep(wait)
        return _error(mode) if is_chosen and mode == "fail" else response


def _message(stream: BinaryIO) -> bytes:
    """Return a complete request or response, or nothing at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    length = _LENGTH.search(head)
    return head + stream.read(int(length[1]) if length else 0)


def _error(mode: str) -> bytes:
    status, name = _ERRORS[mode]
    problem = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": "by the proxy"}
    body = json.dumps(problem).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
