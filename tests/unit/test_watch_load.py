"""The live page's load detects stale reads, and only those."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from dev.faults.client import TimedResponse
from dev.faults.timeline import Timeline
from dev.watch.load import LoadCounts
from dev.watch.load_client import LoadClient, MadeProducts

_TURNS = 300


class InMemoryApi:
    """An API in memory. With `forgets`, a read may return the version before the last write."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.versions: dict[str, int] = {"sample": 1}
        self.methods: list[str] = []
        self._forgets = forgets
        self._version = 1

    def send(self, method: str, path: str, body: Any = None) -> TimedResponse:
        self.methods.append(method)
        product_id = path.removeprefix("/products/")
        answers: dict[str, Callable[[], tuple[int, Any]]] = {
            "GET": lambda: self._get(product_id),
            "POST": self._post,
            "PATCH": lambda: self._patch(product_id, body),
            "DELETE": lambda: (self.versions.pop(product_id), (204, None))[1],
        }
        started = time.monotonic()
        status, version = answers[method]()
        headers = http.client.HTTPMessage()
        if version:
            headers["ETag"] = f'"{version}"'
        content = {"id": f"p{version}", "items": [{"id": "sample"}]}
        return TimedResponse(
            status, headers, json.dumps(content).encode(), started, time.monotonic()
        )

    def close(self) -> None:
        self.methods.append("close")

    def _get(self, product_id: str) -> tuple[int, int | None]:
        if product_id not in self.versions and "?" not in product_id:
            return 404, None
        return 200, self.versions.get(product_id, 1) - self._forgets

    def _post(self) -> tuple[int, int]:
        self._version += 2
        self.versions[f"p{self._version}"] = self._version
        return 201, self._version

    def _patch(self, product_id: str, body: Any) -> tuple[int, int]:
        assert body.keys() == {"stock_quantity"}
        self._version += 2
        self.versions[product_id] = self._version
        return 200, self._version


def drive(shop: Any, timeline: Timeline | None = None) -> tuple[LoadCounts, MadeProducts]:
    counts, products = LoadCounts(), MadeProducts(1)
    client = LoadClient(shop, products, 0, timeline or Timeline(), counts, pause=0.0)
    for _ in range(_TURNS):
        client._turn()
    client.ended.set()
    client.run()
    return counts, products


def test_a_fresh_catalog_has_no_stale_read() -> None:
    """Each write is read back, including deletions."""
    shop = InMemoryApi()

    counts, _ = drive(shop)

    shown = counts.shown()
    assert len(shop.methods) - 1 == shown["sent"]
    assert shown["checked"] >= shop.methods.count("PATCH") + shop.methods.count("DELETE") > 20
    assert (0, 0) == (shown["stale"], shown["late"])


def test_a_read_that_misses_a_write_is_stale() -> None:
    """All stale reads are counted."""
    counts, _ = drive(InMemoryApi(forgets=True))

    shown = counts.shown()
    assert shown["stale"] > 20
    assert 0 == shown["late"]


def test_a_write_without_redis_may_be_late() -> None:
    """Promise 3 allows it, so it is counted separately."""
    timeline = Timeline()

    with timeline.window("unavailable", outage=True):
        counts, _ = drive(InMemoryApi(forgets=True), timeline)

    shown = counts.shown()
    assert shown["late"] > 20
    assert 0 == shown["stale"]


def test_the_strict_policy_allows_no_late_read() -> None:
    """It refuses the write instead."""
    timeline = Timeline(strict=True)

    with timeline.window("unavailable", outage=True):
        counts, _ = drive(InMemoryApi(forgets=True), timeline)

    assert counts.shown()["stale"] > 20


def test_the_load_deletes_its_products() -> None:
    """The samples do not change."""
    shop = InMemoryApi()

    _, products = drive(shop)

    assert {"sample": 1} == shop.versions
    assert [None] == products.made
    assert "close" == shop.methods[-1]


@pytest.mark.parametrize("status", [0, 503])
def test_failed_requests_are_retried_and_not_checked(status: int) -> None:
    """An API that does not answer has no stale reads."""

    class Down(InMemoryApi):
        def send(self, method: str, path: str, body: Any = None) -> TimedResponse:
            answer = super().send(method, path, body)
            return answer._replace(status=status, body=b"")

    counts, _ = drive(Down())

    assert (_TURNS, 0) == (counts.shown()["sent"], counts.shown()["checked"])
