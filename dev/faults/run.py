"""One run: a load, faults in turn, and the figures. Knows no command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dev.faults import at_rest, faults, report
from dev.faults.load import Load
from dev.faults.rig import Rig
from dev.faults.timeline import DELIVERY_SECONDS, Timeline


class Plan(NamedTuple):
    """What to do, and when it is enough: the first of `rounds`, `reads` and `seconds` named."""

    faults: Sequence[str] = ()
    seconds: float = 60.0
    reads: int = 0
    rounds: int = 0
    """How often to put each fault on."""
    period: float = 1.7
    """For how many seconds each fault is on, and calm goes before it."""
    workers: int = 8
    products: int = 200
    writes: float = 0.14
    """Their share of all calls. With fewer, more reads are hits, and many more are made."""
    seed: int = 1
    strict: bool = False
    """Whether the server was started with `CACHE_WRITE_POLICY=strict`, to be judged by it."""


def against_rig(rig: Rig, plan: Plan) -> dict[str, Any]:
    """Have faults on a stack of our own; at the end look at what is stale at rest."""
    timeline = Timeline(strict=plan.strict)
    load = _started(rig.api.url, plan, timeline)
    started = time.monotonic()
    done = _enough(load, plan, started)
    faults.take_turns(rig, plan.faults, timeline, plan.period, done)
    tally, seconds = load.stop(), time.monotonic() - started
    _wait_for_the_stream(timeline)
    rest = at_rest.check(rig, load.shared.ledger.products())
    return report.figures(tally, rest, seconds, faults=plan.faults)


def against_url(url: str, plan: Plan) -> dict[str, Any]:
    """Load and check a server that is there already; no faults."""
    load = _started(url, plan, Timeline())
    started = time.monotonic()
    done = _enough(load, plan, started)
    while not done():
        time.sleep(faults.TICK_SECONDS)
    tally = load.stop()
    return report.figures(tally, None, time.monotonic() - started, faults=[])


def _started(url: str, plan: Plan, timeline: Timeline) -> Load:
    load = Load(url, timeline, plan.writes)
    load.start(plan.workers, plan.products, plan.seed)
    return load


def _enough(load: Load, plan: Plan, started: float) -> Callable[[], bool]:
    windows, wanted = load.shared.timeline.windows, plan.rounds * len(plan.faults)
    if wanted:
        return lambda: len(windows) >= wanted
    if plan.reads:
        return lambda: load.reads >= plan.reads
    return lambda: time.monotonic() - started >= plan.seconds


def _wait_for_the_stream(timeline: Timeline) -> None:
    """Leave the stream the time that it may take after the last outage."""
    back = max((each.ended for each in timeline.windows if each.outage), default=0.0)
    time.sleep(max(0.0, back + DELIVERY_SECONDS - time.monotonic()))
