"""
Records when each fault is applied, and decides which promise a stale read breaks.

    BROKEN   promise 1: Redis was available during the missed write
    LATE     allowed by promise 3: Redis was unavailable during the write, the stream has time left
    OVERDUE  promise 3: Redis has been back for longer than the stream may take

Redis counts as unavailable only during a fault that can fail *both* commands of one write (fence
and release) and keep old entries: see `faults.py`. A fault excuses only writes that overlap it in
time; a read that misses any other write breaks promise 1. A fault that only refuses writes excuses
no read that ends before the fault does. With `CACHE_WRITE_POLICY=strict` no read is excused: such a
write must be refused with 503.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from dev.faults.ledger import Write

DELIVERY_SECONDS: Final = 5.0
"""The time allowed for the stream after Redis's return."""
CALM: Final = "calm"
NO_OUTAGE: Final = -math.inf


class Verdict(IntEnum):
    """The verdict on a stale read. A higher value is worse."""

    LATE = 1
    OVERDUE = 2
    BROKEN = 3


@dataclass(slots=True, eq=False)
class Window:
    """The time of one fault, from just before it begins to just after it ends."""

    name: str
    outage: bool
    started: float
    ended: float = math.inf
    excuses_from: float = -math.inf
    """A read that ended before this time is not excused."""
    statuses: Collection[int] = ()
    """The failures that the fault explains; 0 is a lost connection."""

    def mend(self) -> None:
        """Record that the fault is about to end."""
        self.excuses_from = min(self.excuses_from, time.monotonic())

    def overlaps(self, started: float, ended: float) -> bool:
        """Return whether the fault may affect a call from `started` to `ended`."""
        return self.started <= ended and started <= self.ended


class Timeline:
    """The faults of one run in the order of their start, and the write policy."""

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.windows: list[Window] = []

    @contextmanager
    def window(
        self,
        name: str,
        *,
        outage: bool = False,
        refuses: bool = False,
        statuses: Collection[int] = (),
    ) -> Iterator[Window]:
        """Record a fault for the duration of the block. With `refuses`, it excuses later reads."""
        excuses_from = math.inf if refuses else -math.inf
        window = Window(name, outage, time.monotonic(), math.inf, excuses_from, statuses)
        self.windows.append(window)
        try:
            yield window
        finally:
            window.ended = time.monotonic()

    def phase(self, moment: float) -> str:
        """Return the name of the fault at this moment, or `calm`."""
        names = [window.name for window in self.during(moment, moment)]
        return names[-1] if names else CALM

    def during(self, started: float, ended: float) -> list[Window]:
        """Return the faults that may affect a call from `started` to `ended`."""
        return [window for window in self.windows if window.overlaps(started, ended)]

    def explains(self, status: int, started: float, ended: float, *, is_write: bool) -> bool:
        """Return whether a fault explains a failed call. Strict writes may be refused with 503."""
        windows = self.during(started, ended)
        if self.strict and is_write and status == 503:
            return bool(windows)
        return any(status in window.statuses for window in windows)

    def stream_is_due(self) -> float:
        """Return the time until which the stream may take after the last outage."""
        ends = (each.ended for each in self.windows if each.outage)
        return max(ends, default=NO_OUTAGE) + DELIVERY_SECONDS

    def judge(
        self, missed: Iterable[Write], read_started: float, read_ended: float = math.inf
    ) -> Verdict:
        """Return the worst verdict on a read that missed these writes."""
        return max(self._judge(write, read_started, read_ended) for write in missed)

    def since_return(self, missed: Iterable[Write], read_started: float) -> float:
        """Return the seconds from Redis's return, after all of these writes, to the read."""
        return max(0.0, min(read_started - self._back_after(write) for write in missed))

    def _judge(self, write: Write, read_started: float, read_ended: float) -> Verdict:
        if not any(each.excuses_from < read_ended for each in self._outages_of(write)):
            return Verdict.BROKEN
        back = self._back_after(write)
        return Verdict.OVERDUE if read_started > back + DELIVERY_SECONDS else Verdict.LATE

    def _back_after(self, write: Write) -> float:
        """Return the end of the last outage that overlaps the write."""
        return max((each.ended for each in self._outages_of(write)), default=NO_OUTAGE)

    def _outages_of(self, write: Write) -> list[Window]:
        """Return the outages that excuse a read which misses the write."""
        if self.strict:
            return []
        return [each for each in self.during(write.started, write.ended) if each.outage]
