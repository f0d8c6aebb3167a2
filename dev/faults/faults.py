"""
The faults that can be put on a rig, by name, and what each excuses.

An *outage* can take both Redis commands of one write, its fence and its release, and leave old
entries behind: such a write has promise 3 only (docs/guarantees.md). Those are

    pause, drop    Redis hears nothing for longer than a write takes
    refuse         likewise, and says so at once
    late           replies come past the time-out: a command that has a connection takes effect, but
                   a new connection gives up in its greeting and never sends its command
    loading        every command is refused
    readonly, noreplicas, misconf, noperm
                   every write is refused, while reads are answered: `refusing.py`. Until Redis
                   takes writes again this excuses no read, for none takes a value from such a
                   Redis; then an old entry may be read until the stream has deleted it

All else has to hold promise 1, and why it can:

    evict, flush   take entries, leases and fences, one fault for a write: its release still comes
    kill           nothing survives, so there is no old entry to be read
    cut            the client repeats the command on a new connection
    slow           replies are held back for less than the time-out
    lose           the proxy never loses two commands of the same write
    oom            SET is refused, DEL is not: the fence is lost and the release is not
    throttle, fail, dbslow, crash    are no faults of Redis's; a write may end in 503, unknown

A machine so busy that Valkey or the proxy is late by itself is an outage that nobody noted, so a
broken promise 1 there is to be looked at twice: `written_in` of the examples tells the phase.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Final, NamedTuple

from dev.faults.refusing import CAUSES, Cause
from dev.faults.rig import Rig
from dev.faults.timeline import Timeline, Window

TICK_SECONDS: Final = 0.05


def _nothing(_: Rig) -> None:
    """Do nothing."""


class Fault(NamedTuple):
    """How to put a fault on, keep it going and take it off; and what it excuses."""

    begin: Callable[[Rig], object] = _nothing
    end: Callable[[Rig], object] = _nothing
    tick: Callable[[Rig], object] = _nothing
    outage: bool = False
    refuses: bool = False
    """Writes only. No read is excused while it is on."""
    excuses: frozenset[int] = frozenset()
    """Statuses to be expected; 0 is a lost connection."""


def _redis(mode: str, seconds: float = 0.0, *, outage: bool = False) -> Fault:
    return Fault(
        begin=lambda rig: rig.redis_proxy.tell(mode=mode, seconds=seconds),
        end=lambda rig: rig.redis_proxy.tell(mode="pass"),
        outage=outage,
    )


def _dynamodb(mode: str, share: float = 1.0, seconds: float = 0.0) -> Fault:
    return Fault(
        begin=lambda rig: rig.dynamodb_proxy.tell(mode=mode, share=share, seconds=seconds),
        end=lambda rig: rig.dynamodb_proxy.tell(mode="pass"),
        excuses=frozenset({503}),
    )


def _refusing(cause: Cause) -> Fault:
    return Fault(
        begin=lambda rig: cause.begin(rig.redis),
        end=lambda rig: cause.end(rig.redis),
        outage=True,
        refuses=True,
    )


def _evict(rig: Rig) -> None:
    with rig.redis as redis:
        for key in filter(None, [redis.randomkey() for _ in range(20)]):
            redis.unlink(key)


def _restart(rig: Rig) -> None:
    rig.api.signal(signal.SIGKILL)
    rig.api.start()


FAULTS: Final = {
    "evict": Fault(tick=_evict),
    "flush": Fault(tick=lambda rig: rig.redis.flushall()),
    "cut": Fault(tick=lambda rig: rig.redis_proxy.tell(mode="cut")),
    "slow": _redis("slow", 0.06),
    "lose": _redis("lose", 0.02),
    "kill": Fault(
        begin=lambda rig: rig.valkey.signal(signal.SIGKILL), end=lambda rig: rig.valkey.start()
    ),
    "oom": Fault(
        begin=lambda rig: rig.redis.config_set("maxmemory", 1),
        end=lambda rig: rig.redis.config_set("maxmemory", 0),
    ),
    "pause": Fault(
        begin=lambda rig: rig.valkey.signal(signal.SIGSTOP),
        end=lambda rig: rig.valkey.signal(signal.SIGCONT),
        outage=True,
    ),
    "drop": _redis("drop", outage=True),
    "late": _redis("late", 0.3, outage=True),
    "refuse": _redis("refuse", outage=True),
    "loading": _redis("loading", outage=True),
    **{name: _refusing(cause) for name, cause in CAUSES.items()},
    "throttle": _dynamodb("throttle", share=0.5),
    "fail": _dynamodb("fail", share=0.5),
    "dbslow": _dynamodb("slow", seconds=1.0),
    "crash": Fault(begin=_restart, excuses=frozenset({0})),
}


def chosen(names: str) -> list[str]:
    """Return the faults that `a,b,…`, `refusing`, `all` or `none` means. Raise `ValueError`."""
    groups = {"all": list(FAULTS), "refusing": list(CAUSES), "none": []}
    wanted = groups.get(names, names.split(","))
    if unknown := set(wanted) - set(FAULTS):
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return wanted


def excused(windows: Sequence[Window], status: int, *, refusing: bool = False) -> bool:
    """Tell whether one of the faults explains the status; `refusing`: of a strict write."""
    if refusing and status == 503:
        return bool(windows)
    return any(status in FAULTS[window.name].excuses for window in windows)


def put_on(rig: Rig, name: str, timeline: Timeline, seconds: float) -> None:
    """Have a fault on for a while. To be called in a thread that lives on: it starts servers."""
    fault = FAULTS[name]
    with timeline.window(name, outage=fault.outage, refuses=fault.refuses) as window:
        fault.begin(rig)
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                fault.tick(rig)
                time.sleep(TICK_SECONDS)
        finally:
            window.mend()
            fault.end(rig)


def take_turns(
    rig: Rig, names: Sequence[str], timeline: Timeline, seconds: float, done: Callable[[], bool]
) -> None:
    """Put the faults on one after the other, calm in between, until all is `done`."""
    for name in cycle(names or [""]):
        _rest(seconds, done)
        if done():
            return
        if name:
            put_on(rig, name, timeline, seconds)


def _rest(seconds: float, done: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not done():
        time.sleep(TICK_SECONDS)
