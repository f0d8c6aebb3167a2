"""Pages over HTTP: one, and all of a listing by its cursors. Knows HTTP, and no storage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from dev.faults.client import Client


class Page(NamedTuple):
    """A page, and where its time went (in seconds)."""

    path: str
    ids: list[str]
    prices: list[float]
    next_cursor: str | None
    request_id: str
    whole: float
    dynamodb: float

    @property
    def own(self) -> float:
        """All that DynamoDB did not take: HTTP, the API, Redis."""
        return self.whole - self.dynamodb


def get(client: Client, path: str) -> Page:
    """Return a page. Raise `RuntimeError` for any status but 200."""
    answer = client.send("GET", path)
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}")
    body = answer.json()
    return Page(
        path=path,
        ids=[item["id"] for item in body["items"]],
        prices=[item["price"] for item in body["items"]],
        next_cursor=body["next_cursor"],
        request_id=answer.headers["X-Request-Id"],
        whole=answer.seconds,
        dynamodb=_dynamodb(answer.headers["Server-Timing"]),
    )


def walk(client: Client, query: Mapping[str, object]) -> Iterator[Page]:
    """Follow the cursors to the end. Raise `RuntimeError` where they lead in a circle."""
    cursor: dict[str, str] = {}
    seen: set[str] = set()
    while True:
        page = get(client, f"/products?{urlencode({**query, **cursor})}")
        yield page
        if page.next_cursor is None:
            return
        if page.next_cursor in seen:
            raise RuntimeError(f"{page.path} leads back to an earlier page")
        seen.add(page.next_cursor)
        cursor = {"cursor": page.next_cursor}


def _dynamodb(server_timing: str) -> float:
    part = re.search(r"\bdb;dur=([0-9.]+)", server_timing)
    return float(part[1]) / 1000 if part else 0.0
