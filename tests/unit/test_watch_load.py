"""The load behind the live page: it finds a stale read where there is one, and only there."""

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


class Shop:
    """An API in memory. With `forgets`, a read may show the version before the last write."""

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
    tally, products = LoadCounts(), MadeProducts(1)
    client = LoadClient(shop, products, 0, timeline or Timeline(), tally, pause=0.0)
    for _ in range(_TURNS):
        client._turn()
    client.ended.set()
    client.run()
    return tally, products


def test_a_fresh_catalog_has_no_stale_read() -> None:
    """Each write is read back, deletions too."""
    shop = Shop()

    tally, _ = drive(shop)

    seen = tally.shown()
    assert len(shop.methods) - 1 == seen["sent"]
    assert seen["checked"] >= shop.methods.count("PATCH") + shop.methods.count("DELETE") > 20
    assert (0, 0) == (seen["stale"], seen["late"])


def test_a_read_that_misses_a_write_is_stale() -> None:
    """All of them are counted."""
    tally, _ = drive(Shop(forgets=True))

    seen = tally.shown()
    assert seen["stale"] > 20
    assert 0 == seen["late"]


def test_a_write_made_while_redis_was_out_of_reach_may_be_late() -> None:
    """The third promise allows it, so it is counted apart."""
    timeline = Timeline()

    with timeline.window("out of reach", outage=True):
        tally, _ = drive(Shop(forgets=True), timeline)

    seen = tally.shown()
    assert seen["late"] > 20
    assert 0 == seen["stale"]


def test_the_strict_policy_allows_no_late_read() -> None:
    """It refuses the write instead."""
    timeline = Timeline(strict=True)

    with timeline.window("out of reach", outage=True):
        tally, _ = drive(Shop(forgets=True), timeline)

    assert tally.shown()["stale"] > 20


def test_the_load_leaves_nothing_behind() -> None:
    """What it made it deletes; the samples are as they were."""
    shop = Shop()

    _, products = drive(shop)

    assert {"sample": 1} == shop.versions
    assert [None] == products.made
    assert "close" == shop.methods[-1]


@pytest.mark.parametrize("status", [0, 503])
def test_what_fails_is_tried_again_and_proves_nothing(status: int) -> None:
    """An API that does not answer has no stale reads."""

    class Down(Shop):
        def send(self, method: str, path: str, body: Any = None) -> TimedResponse:
            answer = super().send(method, path, body)
            return answer._replace(status=status, body=b"")

    tally, _ = drive(Down())

    assert (_TURNS, 0) == (tally.shown()["sent"], tally.shown()["checked"])
