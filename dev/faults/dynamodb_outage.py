"""Measures responses while DynamoDB fails: hits are 200, all else is 503 with `Retry-After`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Final

from dev.faults.client import Client, TimedResponse, draft, wait_until_cached
from dev.faults.rig import FaultRig

BUDGET_SECONDS: Final = 15.0
"""The Lambda's time-out in `.chalice/config.json`."""
BRIEF_SECONDS: Final = 0.15
WAYS: Final = ("throttle", "fail", "refuse", "hang")
"""The modes of the proxy. Every call fails."""

_Request = tuple[str, str, object]


def measure(rig: FaultRig, way: str) -> dict[str, Any]:
    """Make DynamoDB fail, and send each kind of call at the same time. Return a table's row."""
    with closing(Client(rig.api.url)) as client:
        cold, written, cached = (client.create(n) for n in range(3))
        wait_until_cached(client, cached)
    rig.dynamodb_proxy.inject(way)
    try:
        hit, health, *others = _all_at_once(rig.api.url, _requests(cached, cold, written))
    finally:
        rig.dynamodb_proxy.inject("pass")
    slowest = max(answer.seconds for answer in [hit, health, *others])
    row = {
        "DynamoDB": way,
        "hit": hit.status if hit.cache == "HIT" else 0,
        "/health": f"{health.status} {health.json()['status']}",
        "others": " ".join(sorted({str(answer.status) for answer in others})),
        "Retry-After": all("Retry-After" in answer.headers for answer in others),
        # One attempt that hangs takes longer than a brief outage.
        "brief": 200 if way == "hang" else _brief(rig, way),
    }
    is_kept = [*row.values()][1:] == [200, "503 unhealthy", "503", True, 200]
    return {**row, "slowest s": round(slowest, 2), "kept": is_kept and slowest < BUDGET_SECONDS}


def _requests(cached: str, cold: str, written: str) -> list[_Request]:
    return [
        ("GET", f"/products/{cached}", None),
        ("GET", "/health", None),
        ("GET", f"/products/{cold}", None),
        ("GET", "/products", None),
        ("POST", "/products", draft(9)),
        ("PATCH", f"/products/{written}", {"price": 9}),
        ("DELETE", f"/products/{written}", None),
    ]


def _all_at_once(url: str, requests: list[_Request]) -> list[TimedResponse]:
    def send(request: _Request) -> TimedResponse:
        with closing(Client(url)) as client:
            return client.send(*request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def _brief(rig: FaultRig, way: str) -> int:
    """Return the status of a read during an outage of `BRIEF_SECONDS`."""
    with closing(Client(rig.api.url)) as client:
        cold = client.create()
        back = threading.Timer(BRIEF_SECONDS, rig.dynamodb_proxy.inject, ["pass"])
        rig.dynamodb_proxy.inject(way)
        back.start()
        status = client.send("GET", f"/products/{cold}").status
        back.join()
    return status
