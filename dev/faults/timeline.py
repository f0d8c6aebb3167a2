"""
When which fault was on, and which promise a stale read breaks therefore. Knows no fault's doing.

    BROKEN   promise 1: the write that was missed had Redis within reach
    LATE     promise 3: it was made while Redis was out of reach, and is not due yet
    OVERDUE  promise 3: Redis has been back for longer than the stream may take

Only a fault that can take *both* Redis commands of one write (fence and release) and leave old
entries behind counts as out of reach; `faults.py` says which those are and why. A fault excuses
only the writes that overlap it in time: a read that misses any other write breaks promise 1. One
that only refuses writes excuses no read that has ended before it is taken off.
With `CACHE_WRITE_POLICY=strict` nothing is excused: such a write is to be refused, with 503.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from dev.faults.ledger import Write

DELIVERY_SECONDS: Final = 5.0
"""What issue 3 allows the stream, from Redis's return on."""
CALM: Final = "calm"
NO_OUTAGE: Final = -math.inf


class Verdict(IntEnum):
    """What a stale read means. The higher, the worse."""

    LATE = 1
    OVERDUE = 2
    BROKEN = 3


@dataclass(slots=True, eq=False)
class Window:
    """One fault, from just before it is put on to just after it is taken off."""

    name: str
    outage: bool
    started: float
    ended: float = math.inf
    excuses_from: float = -math.inf
    """A read that has ended by then is not excused."""

    def mend(self) -> None:
        """Note that the fault is about to be taken off."""
        self.excuses_from = min(self.excuses_from, time.monotonic())

    def overlaps(self, started: float, ended: float) -> bool:
        """Tell whether something from `started` to `ended` may have felt the fault."""
        return self.started <= ended and started <= self.ended


class Timeline:
    """The faults of one run, in the order of their start, and the policy that it is held to."""

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.windows: list[Window] = []

    @contextmanager
    def window(self, name: str, *, outage: bool, refuses: bool = False) -> Iterator[Window]:
        """Note that a fault is on while the block runs. With `refuses`, it excuses later reads."""
        window = Window(name, outage, time.monotonic())
        window.excuses_from = math.inf if refuses else -math.inf
        self.windows.append(window)
        try:
            yield window
        finally:
            window.ended = time.monotonic()

    def phase(self, moment: float) -> str:
        """Return the name of the fault that is on, or `calm`."""
        for window in reversed(self.windows):
            if window.overlaps(moment, moment):
                return window.name
        return CALM

    def during(self, started: float, ended: float) -> list[Window]:
        """Return the faults that something from `started` to `ended` may have felt."""
        return [window for window in self.windows if window.overlaps(started, ended)]

    def judge(
        self, missed: Iterable[Write], read_started: float, read_ended: float = math.inf
    ) -> Verdict:
        """Return what it means that a read missed these writes: the worst of them tells."""
        return max(self._judge(write, read_started, read_ended) for write in missed)

    def since_return(self, missed: Iterable[Write], read_started: float) -> float:
        """Return for how many seconds Redis was back, for each of these writes, at the read."""
        back = (self._back_after(write) for write in missed)
        return max(0.0, min(read_started - moment for moment in back))

    def _judge(self, write: Write, read_started: float, read_ended: float) -> Verdict:
        if not any(each.excuses_from < read_ended for each in self._outages_of(write)):
            return Verdict.BROKEN
        back = self._back_after(write)
        return Verdict.OVERDUE if read_started > back + DELIVERY_SECONDS else Verdict.LATE

    def _back_after(self, write: Write) -> float:
        """Return when Redis was back from the last outage that the write met."""
        return max((each.ended for each in self._outages_of(write)), default=NO_OUTAGE)

    def _outages_of(self, write: Write) -> list[Window]:
        """Return the outages that excuse a read that misses the write."""
        if self.strict:
            return []
        return [each for each in self.during(write.started, write.ended) if each.outage]
