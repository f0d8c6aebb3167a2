"""Measures responses while DynamoDB fails: hits are 200, all else is 503 with `Retry-After`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Final, NamedTuple

from dev.faults.client import Client, TimedResponse, wait_until_cached
from dev.faults.rig import FaultRig

BUDGET_SECONDS: Final = 15.0
"""The Lambda's time-out in `.chalice/config.json`."""
BRIEF_SECONDS: Final = 0.15
WAYS: Final[dict[str, dict[str, Any]]] = {
    "throttle": {"mode": "throttle"},
    "fail": {"mode": "fail"},
    "refuse": {"mode": "refuse"},
    "hang": {"mode": "hang"},
}
"""Each fault, as a command to the proxy. Every call fails."""


class DynamoDBOutage(NamedTuple):
    """One fault, and the responses during it."""

    way: str
    hit: int
    """The status of a read of a cached product."""
    health: tuple[int, str]
    others: list[int]
    """Statuses of calls that need DynamoDB: read, list, POST, PATCH, DELETE."""
    has_retry_after: bool
    """Whether each 503, except that of /health, has `Retry-After`."""
    slowest_seconds: float
    brief: int
    """The status of a read during an outage that is shorter than the retries."""

    @property
    def is_kept(self) -> bool:
        """Whether every response is as the contract requires."""
        served = self.hit == 200 and self.health == (503, "unhealthy") and self.brief == 200
        refused = set(self.others) == {503} and self.has_retry_after
        return served and refused and self.slowest_seconds < BUDGET_SECONDS


def measure(rig: FaultRig, way: str) -> DynamoDBOutage:
    """Make DynamoDB fail, and send each kind of call at the same time."""
    client = Client(rig.api.url)
    cold, written, cached = (_create(client, n) for n in range(3))
    wait_until_cached(client, cached)
    client.close()
    rig.dynamodb_proxy.tell(**WAYS[way])
    try:
        hit, health, *others = _all_at_once(rig, _calls(cached, cold, written))
    finally:
        rig.dynamodb_proxy.tell(mode="pass")
    return DynamoDBOutage(
        way,
        hit.status if hit.cache == "HIT" else 0,
        (health.status, health.json()["status"]),
        [answer.status for answer in others],
        all("Retry-After" in answer.headers for answer in others),
        round(max(answer.seconds for answer in [hit, health, *others]), 2),
        # One attempt that hangs takes longer than a brief outage.
        200 if way == "hang" else brief(rig, way),
    )


def _calls(cached: str, cold: str, written: str) -> list[tuple[Any, ...]]:
    return [
        ("GET", f"/products/{cached}"),
        ("GET", "/health"),
        ("GET", f"/products/{cold}"),
        ("GET", "/products"),
        ("POST", "/products", _draft(9)),
        ("PATCH", f"/products/{written}", {"price": 9}),
        ("DELETE", f"/products/{written}"),
    ]


def _all_at_once(rig: FaultRig, calls: list[tuple[Any, ...]]) -> list[TimedResponse]:
    def send(call: tuple[Any, ...]) -> TimedResponse:
        with closing(Client(rig.api.url)) as client:
            return client.send(*call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(send, calls))


def brief(rig: FaultRig, way: str) -> int:
    """Return the status of a read during an outage of `BRIEF_SECONDS`."""
    client = Client(rig.api.url)
    cold = _create(client, 4)
    back = threading.Timer(BRIEF_SECONDS, lambda: rig.dynamodb_proxy.tell(mode="pass"))
    rig.dynamodb_proxy.tell(**WAYS[way])
    back.start()
    status = client.send("GET", f"/products/{cold}").status
    back.join()
    client.close()
    return status


def _create(client: Client, n: int) -> str:
    product_id: str = client.send("POST", "/products", _draft(n)).json()["id"]
    return product_id


def _draft(n: int) -> dict[str, Any]:
    return {"name": f"P {n}", "description": "For the outage", "price": 1, "stock_quantity": n}
