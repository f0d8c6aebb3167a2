"""Runs a load with faults in turn, and returns the figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dev.faults import at_rest, faults, report
from dev.faults.load import Load
from dev.faults.rig import FaultRig
from dev.faults.timeline import DELIVERY_SECONDS, Timeline


class FaultPlan(NamedTuple):
    """The parameters of a run. It ends by `rounds` if set, else by `reads`, else by `seconds`."""

    faults: Sequence[str] = ()
    seconds: float = 60.0
    reads: int = 0
    rounds: int = 0
    """How often each fault is applied."""
    period: float = 1.7
    """Seconds that each fault lasts, and seconds of pause before it."""
    workers: int = 8
    products: int = 200
    writes: float = 0.14
    """Share of writes in all calls. A smaller share gives more reads and more hits."""
    seed: int = 1
    strict: bool = False
    """Whether the server runs with `CACHE_WRITE_POLICY=strict`, and is judged by it."""


def against_rig(rig: FaultRig, plan: FaultPlan) -> dict[str, Any]:
    """Run the load with faults on a rig, then check the cache at rest."""
    timeline = Timeline(strict=plan.strict)
    load = _started(rig.api.url, plan, timeline)
    started = time.monotonic()
    done = _enough(load, plan, started)
    faults.take_turns(rig, plan.faults, timeline, plan.period, done)
    results, seconds = load.stop(), time.monotonic() - started
    _wait_for_the_stream(timeline)
    rest = at_rest.check(rig, load.shared.ledger.products())
    return report.figures(results, rest, seconds, faults=plan.faults)


def against_url(url: str, plan: FaultPlan) -> dict[str, Any]:
    """Run the load without faults on a running server."""
    load = _started(url, plan, Timeline())
    started = time.monotonic()
    done = _enough(load, plan, started)
    while not done():
        time.sleep(faults.TICK_SECONDS)
    results = load.stop()
    return report.figures(results, None, time.monotonic() - started, faults=[])


def _started(url: str, plan: FaultPlan, timeline: Timeline) -> Load:
    load = Load(url, timeline, plan.writes)
    load.start(plan.workers, plan.products, plan.seed)
    return load


def _enough(load: Load, plan: FaultPlan, started: float) -> Callable[[], bool]:
    windows, needed = load.shared.timeline.windows, plan.rounds * len(plan.faults)
    if needed:
        return lambda: len(windows) >= needed
    if plan.reads:
        return lambda: load.reads >= plan.reads
    return lambda: time.monotonic() - started >= plan.seconds


def _wait_for_the_stream(timeline: Timeline) -> None:
    """Wait as long as the stream may take after the last outage."""
    back = max((each.ended for each in timeline.windows if each.outage), default=0.0)
    time.sleep(max(0.0, back + DELIVERY_SECONDS - time.monotonic()))
