"""What a client feels while DynamoDB fails: hits go on, all else is 503 in time, and says when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Final, NamedTuple

from dev.faults.client import Answer, Client, wait_until_cached
from dev.faults.rig import Rig

BUDGET_SECONDS: Final = 15.0
"""A Lambda's time-out: `.chalice/config.json`."""
BRIEF_SECONDS: Final = 0.15
WAYS: Final[dict[str, dict[str, Any]]] = {
    "throttle": {"mode": "throttle"},
    "fail": {"mode": "fail"},
    "refuse": {"mode": "refuse"},
    "hang": {"mode": "hang"},
}
"""Ways to fail for every call, as orders to the proxy."""


class Outage(NamedTuple):
    """One way to fail: what each call was answered with."""

    way: str
    hit: int
    """The status of a cached product's read."""
    health: tuple[int, str]
    others: list[int]
    """Statuses of what needs DynamoDB: read, list, POST, PATCH, DELETE."""
    told_when: bool
    """Whether each 503 (but that of /health) bore `Retry-After`."""
    slowest_seconds: float
    brief: int
    """The status of a read that began in an outage shorter than the retries."""

    @property
    def is_kept(self) -> bool:
        """Tell whether all was as the contract has it."""
        served = self.hit == 200 and self.health == (503, "unhealthy") and self.brief == 200
        refused = set(self.others) == {503} and self.told_when
        return served and refused and self.slowest_seconds < BUDGET_SECONDS


def measure(rig: Rig, way: str) -> Outage:
    """Have DynamoDB fail for every call, and make each kind of call, all at once."""
    client = Client(rig.api.url)
    cold, written, cached = (_create(client, n) for n in range(3))
    wait_until_cached(client, cached)
    client.close()
    rig.dynamodb_proxy.tell(**WAYS[way])
    try:
        hit, health, *others = _all_at_once(rig, _calls(cached, cold, written))
    finally:
        rig.dynamodb_proxy.tell(mode="pass")
    return Outage(
        way,
        hit.status if hit.cache == "HIT" else 0,
        (health.status, health.json()["status"]),
        [answer.status for answer in others],
        all("Retry-After" in answer.headers for answer in others),
        round(max(answer.seconds for answer in [hit, health, *others]), 2),
        # A try that hangs takes longer than anything brief.
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


def _all_at_once(rig: Rig, calls: list[tuple[Any, ...]]) -> list[Answer]:
    def send(call: tuple[Any, ...]) -> Answer:
        with closing(Client(rig.api.url)) as client:
            return client.send(*call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(send, calls))


def brief(rig: Rig, way: str) -> int:
    """Return the status of a read while DynamoDB fails for a moment only."""
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
