"""
Measures response times during one fault of Redis, and the time to recover after it.

*Added* time is the time of a call without DynamoDB's share (from `Server-Timing`), minus the same
figure without a fault.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from statistics import median
from typing import Any, Final, NamedTuple

from dev.faults.client import Client, TimedResponse, wait_until_cached
from dev.faults.faults import Fault
from dev.faults.report import quantiles
from dev.faults.rig import FaultRig
from dev.faults.timeline import DELIVERY_SECONDS

PRODUCTS: Final = 12
FIRST_READS: Final = 5
OPEN_SECONDS: Final = 1.5
"""How long reads continue while the circuit is open."""
HITS_SECONDS: Final = 2.0
"""The longest time allowed from Redis's return until reads are hits."""
GIVE_UP_SECONDS: Final = 20.0
_DATABASE: Final = re.compile(r"\bdb;dur=([0-9.]+)")


class RedisOutage(NamedTuple):
    """The figures of one fault. Times are milliseconds unless the name says seconds."""

    way: str
    failed: list[str]
    """Calls with a 5xx response, or without a response."""
    first_reads_added: float
    """The slowest of the first reads."""
    writes_added: float
    open_reads_added: dict[str, float]
    """Quantiles of the later reads, during which the circuit is open except for single tries."""
    hits_again_seconds: float
    write_seen_seconds: float
    """From Redis's return until reads return the write made in the outage; 0 if they always do."""
    stale_reads: int
    """Reads after Redis's return that miss that write."""
    stale_meanwhile: int
    """Reads that miss that write while Redis refuses writes and answers reads."""

    @property
    def is_kept(self) -> bool:
        """Whether all calls were answered, and recovery took no longer than allowed."""
        in_time = self.hits_again_seconds <= HITS_SECONDS
        seen = not self.stale_meanwhile and self.write_seen_seconds <= DELIVERY_SECONDS
        return not self.failed and in_time and seen


def measure(
    rig: FaultRig, way: str, fault: Fault, open_seconds: float = OPEN_SECONDS
) -> RedisOutage:
    """Measure during a fault and after it."""
    client = Client(rig.api.url)
    calls = _Calls(client, [_create(client, n) for n in range(PRODUCTS)])
    read_calm, write_calm = _baseline(calls)
    fault.begin(rig)
    client.close()  # the API may have been restarted; the next call connects
    try:
        first = [calls.read(n) for n in range(FIRST_READS)]
        writes = list(_writes(calls))
        later = list(_reads_for(calls, open_seconds, fault, rig))
    finally:
        fault.end(rig)
    hits, seen, stale = _recovery(calls)
    client.close()
    return RedisOutage(
        way,
        calls.failed,
        first_reads_added=_worst(first) - read_calm,
        writes_added=_worst(writes) - write_calm,
        open_reads_added=quantiles(
            max(0.0, _outside_db(each) - read_calm / 1000) for each in later
        ),
        hits_again_seconds=hits,
        write_seen_seconds=seen,
        stale_reads=stale,
        stale_meanwhile=calls.stale if fault.refuses else 0,
    )


class _Calls:
    """Calls to the test's own products, with a list of failed calls."""

    def __init__(self, client: Client, ids: list[str]) -> None:
        self.client = client
        self.ids = ids
        self.failed: list[str] = []
        self.stale = 0

    def send(self, method: str, path: str, body: object = None) -> TimedResponse:
        answer = self.client.send(method, path, body)
        if answer.status == 0 or answer.status >= 500:
            self.failed.append(f"{method} {path}: {answer.status}")
        return answer

    def read(self, n: int) -> TimedResponse:
        return self.send("GET", f"/products/{self.ids[n % PRODUCTS]}")

    def update(self, n: int, stock: int) -> TimedResponse:
        return self.send("PATCH", f"/products/{self.ids[n]}", {"stock_quantity": stock})


_WRITTEN: Final = PRODUCTS - 1
"""The index of the product that is written in the outage and read after it."""
_STOCK_AFTER: Final = 2


def _baseline(calls: _Calls) -> tuple[float, float]:
    """Fill the cache. Return the milliseconds of a read and of a write outside DynamoDB."""
    writes = [calls.update(n, 1) for n in range(PRODUCTS)]
    wait_until_cached(calls.client, calls.ids[_WRITTEN])
    reads = [calls.read(n) for _ in range(3) for n in range(PRODUCTS)]
    return median(map(_outside_db, reads)) * 1000, median(map(_outside_db, writes)) * 1000


def _writes(calls: _Calls) -> Iterator[TimedResponse]:
    """Make every other kind of call once. Yield the responses of writes that place a fence."""
    yield calls.update(_WRITTEN, _STOCK_AFTER)
    calls.send("GET", "/health")
    calls.send("GET", "/products?limit=5")
    calls.send("GET", f"/products?ids={calls.ids[0]},{calls.ids[1]}")
    made = calls.send("POST", "/products", _draft(0)).json()["id"]
    yield calls.send("PUT", f"/products/{made}", {"price": 5})
    yield calls.send("DELETE", f"/products/{made}")


def _reads_for(
    calls: _Calls, seconds: float, fault: Fault, rig: FaultRig
) -> Iterator[TimedResponse]:
    until = time.monotonic() + seconds
    n = 0
    while time.monotonic() < until:
        fault.tick(rig)
        answer = calls.read(n := n + 1)
        if n % PRODUCTS == _WRITTEN:
            calls.stale += answer.json()["stock_quantity"] != _STOCK_AFTER
        yield answer
        time.sleep(0.01)


def _recovery(calls: _Calls) -> tuple[float, float, int]:
    """Return seconds until hits, seconds until the last stale read, and the stale reads."""
    returned = time.monotonic()
    stale, hits, seen = 0, None, None
    while (now := time.monotonic() - returned) < GIVE_UP_SECONDS and None in (hits, seen):
        if hits is None and calls.read(0).cache == "HIT":
            hits = now
        answer = calls.read(_WRITTEN)
        if answer.json()["stock_quantity"] != _STOCK_AFTER:
            stale, seen = stale + 1, None
        elif seen is None and answer.cache == "HIT":  # final: the cache has it
            seen = now
        time.sleep(0.01)
    return _rounded(hits), _rounded(seen) if stale else 0.0, stale


def _rounded(seconds: float | None) -> float:
    return round(GIVE_UP_SECONDS if seconds is None else seconds, 3)


def _worst(answers: list[TimedResponse]) -> float:
    return round(max(map(_outside_db, answers)) * 1000, 1)


def _outside_db(answer: TimedResponse) -> float:
    """Return the seconds of a call without those spent in DynamoDB."""
    timing = _DATABASE.search(answer.headers.get("Server-Timing", ""))
    return answer.seconds - (float(timing[1]) / 1000 if timing else 0.0)


def _create(client: Client, n: int) -> str:
    product_id: str = client.send("POST", "/products", _draft(n)).json()["id"]
    return product_id


def _draft(n: int) -> dict[str, Any]:
    return {"name": f"P {n}", "description": "For the outage", "price": 1, "stock_quantity": n}
