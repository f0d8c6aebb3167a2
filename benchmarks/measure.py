"""
Functions measured: cold starts, containers' lives, warm requests. Knows no servers and no report.

Every target has its turn in each round, so that whatever else the machine does meets all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from benchmarks.function import Function, Taken
from benchmarks.rig import PAGE, Rig, event
from benchmarks.targets import OURS, TARGETS, Target

Figures = dict[str, dict[str, dict[str, dict[str, list[float]]]]]
"""Milliseconds of each round, by group, operation, target, and `wall` or `cpu`."""

FIRSTS: Final = ("hit", "miss", "write")
ONE_CPU, SHARE, AFTER_INIT = "life, one CPU", "life, 0.29 CPU", "life, 0.29 CPU after init"
LIVES: Final = (ONE_CPU, SHARE, AFTER_INIT)


def cold(rig: Rig, figures: Figures) -> None:
    """Measure a first hit, a first miss and a first write, each by a function of its own."""
    for target in TARGETS:
        for operation in filter(target.operations.__contains__, FIRSTS):
            first = _request(rig, target, operation)
            with rig.function(target) as function:
                _add(figures, "cold", operation, target, [function.cold_start(first)])


def lives(rig: Rig, figures: Figures, quota: Path | None) -> None:
    """Measure a cold start with a hit, the first miss, the first write of one function."""
    for mode in LIVES if quota else (ONE_CPU,):
        for target in TARGETS:
            if target.operations >= set(FIRSTS):
                taken = _life(rig, target, quota, mode)
                for operation, each in zip(FIRSTS, taken, strict=True):
                    _add(figures, mode, operation, target, [each])
                total = Taken(*map(sum, zip(*taken, strict=True)))
                _add(figures, mode, "sum", target, [total])


def _life(rig: Rig, target: Target, quota: Path | None, mode: str) -> list[Taken]:
    hit, miss, write = (_request(rig, target, each) for each in FIRSTS)
    memory = 1769 if mode == ONE_CPU else 512
    with rig.function(target, memory, quota if mode == SHARE else None) as function:
        first = function.cold_start(hit, quota if mode == AFTER_INIT else None)
        return [first, function.time(miss), function.time(write)]


class Warm:
    """Functions that all run, idle but for the one that is called."""

    def __init__(self, rig: Rig, stack: ExitStack) -> None:
        self._rig = rig
        self._functions = {each: stack.enter_context(rig.function(each)) for each in TARGETS}

    def round(self, figures: Figures, hits: int) -> None:
        """Measure hits, and a fifth as many of each other operation."""
        few = max(hits // 5, 3)
        for operation in FIRSTS:
            count = hits if operation == "hit" else few
            for target, function in self._functions.items():
                if operation in target.operations:
                    taken = self._timed(function, target, operation, count)
                    _add(figures, "warm", operation, target, taken)
        ours = self._functions[OURS]
        for name, request in self._more(ours).items():
            _add(figures, "warm", name, OURS, [ours.time(request) for _ in range(few)])

    def _timed(self, function: Function, target: Target, operation: str, count: int) -> list[Taken]:
        """Only a miss needs its product taken out of the cache each time."""
        request: Callable[[], bytes] = lambda: _request(self._rig, target, operation)  # noqa: E731
        kept = request()
        function.call(kept)  # connects
        misses = operation == "miss"
        return [function.time(request() if misses else kept) for _ in range(count)]

    def _more(self, ours: Function) -> dict[str, bytes]:
        """Return requests that only the project takes. Raise `RuntimeError` for a wrong answer."""
        product_id = self._rig.cached(OURS)
        read = ours.call(event("GET", product_id))["headers"]
        by_price = {"limit": str(PAGE), "category": "accessories"}
        requests = {
            "304": event("GET", product_id, headers={"If-None-Match": read["ETag"]}),
            "page of 100": event("GET", None, query={"limit": str(PAGE)}),
            "page of 100, by price": event("GET", None, query=by_price),
        }
        statuses = [ours.call(each)["statusCode"] for each in requests.values()]
        if (read["X-Cache"], statuses) != ("HIT", [304, 200, 200]):
            raise RuntimeError(f"wrong answers: {statuses}, {read}")
        return requests


def _request(rig: Rig, target: Target, operation: str) -> bytes:
    if operation == "hit":
        return event("GET", rig.cached(target))
    changes: dict[str, Any] = {"stock_quantity": 7}
    product_id = rig.uncached(target)
    return event("PUT", product_id, changes) if operation == "write" else event("GET", product_id)


def _add(
    figures: Figures, group: str, operation: str, target: Target, taken: Sequence[Taken]
) -> None:
    rounds = figures.setdefault(group, {}).setdefault(operation, {}).setdefault(target.name, {})
    rounds.setdefault("wall", []).append(1000 * median(each.wall for each in taken))
    rounds.setdefault("cpu", []).append(1000 * mean(each.cpu for each in taken))
