"""An HTTP client of the API with one persistent connection. Reads versions from entity tags."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

SETTLED_HITS: Final = 8
SETTLE_TRIES: Final = 150
LOST: Final = 0
"""The status of a request that got no response."""
_CONNECTIONS: Final = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class TimedResponse(NamedTuple):
    """A response, and the times at which the request began and ended."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        """The duration of the request."""
        return self.ended - self.started

    @property
    def version(self) -> int | None:
        """The version in the entity tag, if there is one."""
        tag = self.headers.get("ETag")
        return int(tag.strip('"')) if tag else None

    @property
    def cache(self) -> str:
        """The value of `X-Cache`: HIT, MISS, BYPASS, or empty."""
        return self.headers.get("X-Cache", "")

    @property
    def failed(self) -> bool:
        """Whether there was no response, or a 5xx."""
        return is_failure(self.status)

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


class Client:
    """Sends one request at a time. A lost connection is returned as status `LOST`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = parts.path.rstrip("/")
        self._connection = _CONNECTIONS[parts.scheme](parts.netloc, timeout=30)

    def send(
        self, method: str, path: str, body: object = None, if_match: int | None = None
    ) -> TimedResponse:
        """Send a request and return its response."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        sent = json.dumps(body) if body is not None else None
        started = time.monotonic()
        with suppress(OSError, http.client.HTTPException):
            self._connection.request(method, self._base + path, sent, headers)
            response = self._connection.getresponse()
            content = response.read()
            return TimedResponse(response.status, response.msg, content, started, time.monotonic())
        self._connection.close()
        return TimedResponse(LOST, http.client.HTTPMessage(), b"", started, time.monotonic())

    def create(self, stock: int = 1) -> str:
        """Create a product and return its id."""
        product_id: str = self.send("POST", "/products", draft(stock)).json()["id"]
        return product_id

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def is_failure(status: int) -> bool:
    """Return whether there was no response, or a 5xx."""
    return status == LOST or status >= 500


def draft(stock: int) -> dict[str, Any]:
    """Return a product to create, of typical length."""
    return {
        "name": f"Product {stock}",
        "description": "Made by a load that checks every read. " * 3,
        "price": 24.99,
        "stock_quantity": stock,
        "category": "load",
    }


def wait_until_cached(client: Client, product_id: str) -> None:
    """
    Read until several reads in a row are hits.

    One hit is not enough: the stream may still delete the entry of a recent write.
    """
    hits = 0
    for _ in range(SETTLE_TRIES):
        hits = hits + 1 if client.send("GET", f"/products/{product_id}").cache == "HIT" else 0
        if hits == SETTLED_HITS:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{product_id} does not stay cached")
