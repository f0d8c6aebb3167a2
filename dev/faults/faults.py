"""
The faults by name, and the failures that each one excuses.

During an *outage* both Redis commands of one write, its fence and its release, can fail while old
entries stay. Only promise 3 covers such a write (docs/guarantees.md). The outages are

    pause, drop    no command reaches Redis for longer than a write takes
    refuse         connections are refused
    late           replies arrive after the time-out: commands on open connections take effect, but
                   a new connection fails in its greeting and never sends its command
    loading        every command is refused
    readonly, noreplicas, misconf, noperm
                   writes are refused and reads are answered: `refusing.py`. Until Redis accepts
                   writes again no read is excused, because the API uses no value from such a
                   Redis. After that an old entry may be read until the stream deletes it

Promise 1 covers all other faults. The reasons:

    evict, flush   delete entries, leases and fences; the release of the write still arrives
    kill           no entry survives
    cut            the client repeats the command on a new connection
    slow           replies are delayed by less than the time-out
    lose           the proxy never loses two commands of the same write
    oom            SET is refused, DEL is not: the fence is lost and the release is not
    throttle, fail, dbslow, crash    do not affect Redis; a write may end in 503, outcome unknown

On an overloaded machine Valkey or the proxy can be late without a fault. The checker does not
record such an outage. If promise 1 is broken there, repeat the run; `written_in` of the examples
names the phase.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from dev.faults.client import LOST
from dev.faults.refusing import CAUSES, Cause
from dev.faults.rig import FaultRig
from dev.faults.timeline import Timeline

_TICK_SECONDS: Final = 0.05

Action = Callable[[FaultRig], object]


def _no_action(_: FaultRig) -> None:
    """Have no effect."""


class Fault(NamedTuple):
    """How a fault begins, is repeated and ends, and what it excuses."""

    begin: Action = _no_action
    end: Action = _no_action
    tick: Action = _no_action
    outage: bool = False
    refuses: bool = False
    """Whether Redis refuses writes only. Then no read is excused during the fault."""
    statuses: tuple[int, ...] = ()
    """Expected failures."""


def _redis(mode: str, seconds: float = 0.0, *, outage: bool = False) -> Fault:
    return Fault(
        begin=lambda rig: rig.redis_proxy.inject(mode, seconds=seconds),
        end=lambda rig: rig.redis_proxy.inject("pass"),
        outage=outage,
    )


def _dynamodb(mode: str, share: float = 1.0, seconds: float = 0.0) -> Fault:
    return Fault(
        begin=lambda rig: rig.dynamodb_proxy.inject(mode, share, seconds),
        end=lambda rig: rig.dynamodb_proxy.inject("pass"),
        statuses=(503,),
    )


def _refusing(cause: Cause) -> Fault:
    return Fault(
        begin=lambda rig: cause.begin(rig.redis),
        end=lambda rig: cause.end(rig.redis),
        outage=True,
        refuses=True,
    )


def _evict(rig: FaultRig) -> None:
    with rig.redis as redis:
        for key in filter(None, [redis.randomkey() for _ in range(20)]):
            redis.unlink(key)


def _restart(rig: FaultRig) -> None:
    rig.api.signal(signal.SIGKILL)
    rig.api.start()


FAULTS: Final = {
    "evict": Fault(tick=_evict),
    "flush": Fault(tick=lambda rig: rig.redis.flushall()),
    "cut": Fault(tick=lambda rig: rig.redis_proxy.cut()),
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
    "crash": Fault(begin=_restart, statuses=(LOST,)),
}


def apply(rig: FaultRig, name: str, fault: Fault, timeline: Timeline, seconds: float) -> None:
    """Apply a fault for `seconds`. The calling thread must outlive the servers that it starts."""
    with timeline.window(
        name, outage=fault.outage, refuses=fault.refuses, statuses=fault.statuses
    ) as window:
        fault.begin(rig)
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                fault.tick(rig)
                time.sleep(_TICK_SECONDS)
        finally:
            window.mend()
            fault.end(rig)
