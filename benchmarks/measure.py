"""
Functions measured: cold starts, containers' lives, warm requests. Every target has its turn in each
round, so that whatever else the machine does meets all. Knows no servers and no report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from benchmarks.function import Function, Taken
from benchmarks.rig import PAGE, Rig, event
from benchmarks.targets import OURS, TARGETS, Target

Figures = dict[str, dict[str, dict[str, dict[str, list[float]]]]]
"""Milliseconds of each round, by group, operation, target, and `wall` or `cpu`."""

ONE_CPU: Final = "life, one CPU"
SHARE: Final = "life, 0.29 CPU"
SHARE_AFTER_INIT: Final = "life, 0.29 CPU after init"
FIRSTS: Final = ("hit", "miss", "write")


def cold(rig: Rig, figures: Figures) -> None:
    """Measure a first hit, a first miss and a first write, each by a function of its own."""
    for target in TARGETS:
        for operation in FIRSTS:
            if operation in target.operations:
                first = _request(rig, target, operation)
                with rig.function(target) as function:
                    _add(figures, "cold", operation, target, [function.cold_start(first)])


def lives(rig: Rig, figures: Figures, quota: Path | None) -> None:
    """Measure a cold start with a hit, the first miss, and the first write of one function."""
    modes: dict[str, dict[str, Any]] = {ONE_CPU: {}}
    if quota:
        modes |= {SHARE: {"quota": quota}, SHARE_AFTER_INIT: {"after_init": quota}}
    for target in TARGETS:
        for mode, options in modes.items() if target.operations == set(FIRSTS) else ():
            for operation, taken in _life(rig, target, **options):
                _add(figures, mode, operation, target, [taken])


def _life(
    rig: Rig, target: Target, quota: Path | None = None, after_init: Path | None = None
) -> Iterator[tuple[str, Taken]]:
    memory = 512 if quota or after_init else 1769
    hit, miss, write = (_request(rig, target, each) for each in FIRSTS)
    with rig.function(target, memory, quota) as function:
        first = function.cold_start(hit, after_init)
        rest = [function.time(miss), function.time(write)]
        taken = [first, *rest]
    yield from zip(FIRSTS, taken, strict=True)
    yield "sum", Taken(sum(each.wall for each in taken), sum(each.cpu for each in taken))


class Warm:
    """Functions that all run, idle but for the one that is called."""

    def __init__(self, rig: Rig, stack: ExitStack) -> None:
        self._rig = rig
        self._functions = {each: stack.enter_context(rig.function(each)) for each in TARGETS}

    def round(self, figures: Figures, hits: int) -> None:
        """Measure each operation, `hits` times a hit and a fifth as often the others."""
        few = max(hits // 5, 3)
        for operation in FIRSTS:
            for target, function in self._functions.items():
                if operation in target.operations:
                    request = lambda t=target, o=operation: _request(self._rig, t, o)  # noqa: E731
                    if operation != "miss":
                        kept = request()
                        request = lambda kept=kept: kept  # noqa: E731
                    count = hits if operation == "hit" else few
                    taken = _timed(function, request, count)
                    _add(figures, "warm", operation, target, taken)
        ours = self._functions[OURS]
        for name, request in self._more(ours).items():
            _add(figures, "warm", name, OURS, _timed(ours, lambda kept=request: kept, few))

    def _more(self, ours: Function) -> dict[str, bytes]:
        """Return requests that only the project takes. Raise `RuntimeError` for a wrong answer."""
        read = _request(self._rig, OURS, "hit")
        answer = ours.call(read)
        unchanged = _request(self._rig, OURS, "hit", {"If-None-Match": answer["headers"]["ETag"]})
        by_price = {"limit": str(PAGE), "category": "accessories"}
        pages = {
            "page of 100": event("GET", None, query={"limit": str(PAGE)}),
            "page of 100, by price": event("GET", None, query=by_price),
        }
        statuses = [ours.call(each)["statusCode"] for each in (read, unchanged, *pages.values())]
        if statuses != [200, 304, 200, 200] or answer["headers"]["X-Cache"] != "HIT":
            raise RuntimeError(f"wrong answers: {statuses}, {answer['headers']}")
        return {"304": unchanged, **pages}


def _request(
    rig: Rig, target: Target, operation: str, headers: dict[str, str] | None = None
) -> bytes:
    if operation == "hit":
        return event("GET", rig.cached(target), headers=headers)
    if operation == "miss":
        return event("GET", rig.uncached(target))
    return event("PUT", rig.uncached(target), {"stock_quantity": 7})


def _timed(function: Function, request: Callable[[], bytes], count: int) -> list[Taken]:
    function.call(request())  # connects
    return [function.time(request()) for _ in range(count)]


def _add(figures: Figures, group: str, operation: str, target: Target, taken: list[Taken]) -> None:
    rounds = figures.setdefault(group, {}).setdefault(operation, {}).setdefault(target.name, {})
    rounds.setdefault("wall", []).append(1000 * median(each.wall for each in taken))
    rounds.setdefault("cpu", []).append(1000 * mean(each.cpu for each in taken))
