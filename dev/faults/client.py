"""One client's connection to the API, kept alive. Knows HTTP and how the API writes versions."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

SETTLED_HITS = 8
SETTLE_TRIES = 150
LOST = 0
"""Stands for the status where no answer came."""


class Answer(NamedTuple):
    """What came back, and when the request began and ended."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.started

    @property
    def version(self) -> int | None:
        """Return the version that the entity tag names."""
        tag = self.headers.get("ETag")
        return int(tag.strip('"')) if tag else None

    @property
    def cache(self) -> str:
        """Return `X-Cache`: HIT, MISS, BYPASS, or nothing."""
        return self.headers.get("X-Cache", "")

    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)


class Client:
    """Sends one request at a time. A lost connection is an answer too: status `LOST`."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        self._base = parts.path.rstrip("/")
        of_scheme = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        self._connection = of_scheme[parts.scheme](parts.netloc, timeout=timeout)

    def send(
        self, method: str, path: str, body: object = None, if_match: int | None = None
    ) -> Answer:
        """Return the answer."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        sent = json.dumps(body) if body is not None else None
        started = time.monotonic()
        with suppress(OSError, http.client.HTTPException):
            self._connection.request(method, self._base + path, sent, headers)
            response = self._connection.getresponse()
            content = response.read()
            return Answer(response.status, response.msg, content, started, time.monotonic())
        self._connection.close()
        return Answer(LOST, http.client.HTTPMessage(), b"", started, time.monotonic())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def wait_until_cached(client: Client, product_id: str) -> None:
    """
    Read until it is a hit time and again.

    The stream deletes the entry of what was written once more, some time after the write.
    """
    hits = 0
    for _ in range(SETTLE_TRIES):
        hits = hits + 1 if client.send("GET", f"/products/{product_id}").cache == "HIT" else 0
        if hits == SETTLED_HITS:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{product_id} does not stay cached")
