"""
Warm requests through the runtime client: hits, misses, 304s, writes; memory at the end.

All functions are up at once and idle but the one that is asked; round after round each has its
turn, so that whatever the machine does meanwhile meets all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, Final

from benchmarks.contestants import CONTESTANTS, OURS, Contestant
from benchmarks.events import event
from benchmarks.function import Function
from benchmarks.rig import Rig
from benchmarks.samples import Samples

PLAIN_READ: Final = "GetItem by botocore"
NOT_MODIFIED: Final = "304"
_MISSES_A_ROUND: Final = 0.2
"""Misses and writes a hit: they take longer."""


class Runner:
    """One contestant's function, and what is asked of it."""

    def __init__(self, rig: Rig, contestant: Contestant, function: Function) -> None:
        self._rig = rig
        self._contestant = contestant
        self._function = function
        self._product_id = rig.store(contestant)
        self._hit = event("GET", self._product_id)

    def hits(self, count: int) -> list[float]:
        """Return what reads took of what is cached."""
        self._function.seconds(self._hit)
        return [self._function.seconds(self._hit) for _ in range(count)]

    def misses(self, count: int) -> list[float]:
        """Return what reads took of what is not cached."""
        return [self._miss() for _ in range(count)]

    def unchanged(self, count: int) -> list[float]:
        """Return what reads took that were answered with 304."""
        answer = self._function.invoke(self._hit)[0].json()
        asked = event("GET", self._product_id, headers={"If-None-Match": answer["headers"]["ETag"]})
        if self._function.invoke(asked)[0].json()["statusCode"] != 304:
            raise RuntimeError("What has not changed was not answered with 304")
        return [self._function.seconds(asked) for _ in range(count)]

    def writes(self, count: int) -> list[float]:
        """Return what updates took. Raise `RuntimeError` where the next read does not show them."""
        changes = [event("PUT", self._product_id, {"stock_quantity": n}) for n in range(count)]
        seconds = [self._function.seconds(change) for change in changes]
        body = json.loads(self._function.invoke(self._hit)[0].json()["body"])
        if body["stock_quantity"] != count - 1:
            raise RuntimeError(f"{self._contestant.name} shows {body}")
        return seconds

    def peak_memory(self) -> int:
        """Return the most memory that it has had, in bytes."""
        return self._function.peak_memory()

    def _miss(self) -> float:
        self._rig.forget(self._contestant, self._product_id)
        return self._function.seconds(self._hit)


def measure(rig: Rig, rounds: int, hits: int) -> dict[str, Any]:
    """Return the samples of each operation, and each one's memory in bytes."""
    samples = {name: Samples() for name in ("hit", NOT_MODIFIED, "miss", "write")}
    memory = {}
    with ExitStack() as stack:
        runners = {
            each: Runner(rig, each, stack.enter_context(rig.function(each))) for each in CONTESTANTS
        }
        for contestant, runner in runners.items():
            runner.hits(hits)
            memory[contestant.name] = {"after hits": runner.peak_memory()}
        read = rig.plain_read(rig.store(OURS))
        _turns(runners, hits, _Discarded(), read)
        for _ in range(rounds):
            _turns(runners, hits, samples, read)
        for contestant, runner in runners.items():
            memory[contestant.name]["after all"] = runner.peak_memory()
    return {"samples": samples, "memory": memory}


class _Discarded(dict[str, Samples]):
    """Where the warm-up's times go."""

    def __missing__(self, _: str) -> Samples:
        return Samples()


def _turns(
    runners: dict[Contestant, Runner],
    hits: int,
    samples: dict[str, Samples],
    read: Callable[[], Any],
) -> None:
    few = _some(hits)
    for contestant, runner in runners.items():
        samples["hit"].add(contestant.name, runner.hits(hits))
    samples[NOT_MODIFIED].add(OURS.name, runners[OURS].unchanged(few))
    for contestant, runner in _apis(runners):
        if contestant is OURS:
            _misses_beside(read, runner, few, samples["miss"])
        else:
            samples["miss"].add(contestant.name, runner.misses(few))
    for contestant, runner in _apis(runners):
        samples["write"].add(contestant.name, runner.writes(few))


def _apis(runners: dict[Contestant, Runner]) -> Iterable[tuple[Contestant, Runner]]:
    return ((contestant, runner) for contestant, runner in runners.items() if contestant.is_api)


def _some(hits: int) -> int:
    return max(5, int(hits * _MISSES_A_ROUND))


def _misses_beside(read: Callable[[], Any], runner: Runner, count: int, samples: Samples) -> None:
    """Measure our misses and, after each, its own read by botocore alone: drift meets both."""
    pairs = [(*runner.misses(1), _seconds(read)) for _ in range(count)]
    misses, reads = zip(*pairs, strict=True)
    samples.add(OURS.name, list(misses))
    samples.add(PLAIN_READ, list(reads))


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
