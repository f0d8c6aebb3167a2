"""
Measures response times during one fault of Redis, and the time to recover after it.

*Added* time is the time of a call without DynamoDB's share (from `Server-Timing`), minus the same
figure without a fault.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from statistics import median
from typing import Any, Final

from dev.faults.client import Client, TimedResponse, draft, wait_until_cached
from dev.faults.faults import Fault
from dev.faults.report import quantiles
from dev.faults.rig import FaultRig
from dev.faults.timeline import DELIVERY_SECONDS

OPEN_SECONDS: Final = 1.5
"""How long reads continue while the circuit is open."""
HITS_SECONDS: Final = 2.0
"""The longest time allowed from Redis's return until reads are hits."""
GIVE_UP_SECONDS: Final = 20.0
PRODUCTS: Final = 12
FIRST_READS: Final = 5
_WRITTEN: Final = PRODUCTS - 1
"""The index of the product that is written in the outage and read after it."""
_STOCK_AFTER: Final = 2
_DATABASE: Final = re.compile(r"\bdb;dur=([0-9.]+)")


def measure(
    rig: FaultRig, way: str, fault: Fault, open_seconds: float = OPEN_SECONDS
) -> dict[str, Any]:
    """Measure during a fault and after it. Return the figures by the table's columns."""
    with closing(Client(rig.api.url)) as client:
        calls = _Calls(client)
        read_calm, write_calm = _baseline(calls)
        fault.begin(rig)
        client.close()  # the API may have been restarted; the next call connects
        try:
            first = max(_outside_db(calls.read(n)) for n in range(FIRST_READS))
            writes = max(map(_outside_db, _writes(calls)))
            later = list(_reads_for(calls, open_seconds, fault, rig))
        finally:
            fault.end(rig)
        stale_meanwhile = calls.stale if fault.refuses else 0
        hits_again, write_read = _recovery(calls)
    is_in_time = hits_again <= HITS_SECONDS and write_read <= DELIVERY_SECONDS
    return {
        "Redis": way,
        "5xx": len(calls.failed),
        "first reads +ms": round(first - read_calm, 1),
        "writes +ms": round(writes - write_calm, 1),
        **quantiles("later reads +ms", (max(0.0, ms - read_calm) for ms in later)),
        "hits again s": round(hits_again, 3),
        "write read s": round(write_read, 3),
        "stale meanwhile": stale_meanwhile,
        "kept": not calls.failed and not stale_meanwhile and is_in_time,
    }


class _Calls:
    """Calls to the test's own products, with a list of failed calls."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.ids = [client.create() for _ in range(PRODUCTS)]
        self.failed: list[str] = []
        self.stale = 0
        """Reads that missed the write made in the outage."""

    def send(self, method: str, path: str, body: object = None) -> TimedResponse:
        answer = self.client.send(method, path, body)
        if answer.failed:
            self.failed.append(f"{method} {path}: {answer.status}")
        return answer

    def read(self, n: int) -> TimedResponse:
        answer = self.send("GET", f"/products/{self.ids[n % PRODUCTS]}")
        if n % PRODUCTS == _WRITTEN and answer.json()["stock_quantity"] != _STOCK_AFTER:
            self.stale += 1
        return answer

    def update(self, n: int, stock: int) -> TimedResponse:
        return self.send("PATCH", f"/products/{self.ids[n]}", {"stock_quantity": stock})


def _baseline(calls: _Calls) -> tuple[float, float]:
    """Fill the cache. Return the milliseconds of a read and of a write outside DynamoDB."""
    writes = [_outside_db(calls.update(n, 1)) for n in range(PRODUCTS)]
    wait_until_cached(calls.client, calls.ids[_WRITTEN])
    reads = [_outside_db(calls.read(n)) for _ in range(3) for n in range(PRODUCTS)]
    calls.stale = 0
    return median(reads), median(writes)


def _writes(calls: _Calls) -> Iterator[TimedResponse]:
    """Make every other kind of call once. Yield the responses of writes that place a fence."""
    yield calls.update(_WRITTEN, _STOCK_AFTER)
    calls.send("GET", "/health")
    calls.send("GET", "/products?limit=5")
    calls.send("GET", f"/products?ids={calls.ids[0]},{calls.ids[1]}")
    made = calls.send("POST", "/products", draft(0)).json()["id"]
    yield calls.send("PUT", f"/products/{made}", {"price": 5})
    yield calls.send("DELETE", f"/products/{made}")


def _reads_for(calls: _Calls, seconds: float, fault: Fault, rig: FaultRig) -> Iterator[float]:
    until, n = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        fault.tick(rig)
        yield _outside_db(calls.read(n := n + 1))
        time.sleep(0.01)


def _recovery(calls: _Calls) -> tuple[float, float]:
    """
    Return the seconds until reads are hits, and until they return the write made in the outage.

    The latter is 0 if they always do.
    """
    returned = time.monotonic()
    has_hit = False
    hits_again, last_stale = GIVE_UP_SECONDS, 0.0
    while (now := time.monotonic() - returned) < GIVE_UP_SECONDS:
        if not has_hit and calls.read(0).cache == "HIT":
            has_hit, hits_again = True, now
        before, answer = calls.stale, calls.read(_WRITTEN)
        if calls.stale > before:
            last_stale = now
        elif has_hit and answer.cache == "HIT":  # final: the cache has it
            break
        time.sleep(0.01)
    return hits_again, last_stale


def _outside_db(answer: TimedResponse) -> float:
    """Return the milliseconds of a call without those spent in DynamoDB."""
    timing = _DATABASE.search(answer.headers.get("Server-Timing", ""))
    return answer.seconds * 1000 - (float(timing[1]) if timing else 0.0)
