"""
Which hits get a line of their own, and which line has the metrics of the others.

A share of the hits is written, spread evenly. What the others counted, and how long each took,
goes with the next line that is written, so the metrics stay exact: late, by at most so many hits as
one line can hold, or by `LATE_SECONDS` and the wait for the next request. A container that Lambda
ends takes what it still carries with it: less than `MAX_VALUES` hits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chalicelib.telemetry.metrics import MAX_VALUES, Tally

LATE_SECONDS: Final = 30.0
_WHOLE: Final = 1_000_000
"""One line. Shares are added up in whole numbers, since ten floats of 0.1 are less than 1."""
_HIT: Final = {"CacheHits", "NegativeHits"}


class Sampling:
    """Safe to share between threads. `share` is that of the hits to be written, 0.01 to 1."""

    def __init__(self, share: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = round(share * _WHOLE)
        self._due = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._carried = Tally()
        self._carries = 0
        self._since = 0.0

    def passes_over(self, tally: Tally) -> bool:
        """Return whether this is a hit without a line; its metrics go with a later line."""
        if self._share == _WHOLE or not tally.counts or not tally.counts.keys() <= _HIT:
            return False
        with self._lock:
            self._due += self._share
            if self._due >= _WHOLE or self._is_full():
                self._due = max(self._due - _WHOLE, 0)
                return False
            self._carry(tally)
            return True

    def hand_over(self, tally: Tally) -> None:
        """Add what is carried to the tally of a line that is about to be written."""
        if self._carries:
            with self._lock:
                carried, self._carried, self._carries = self._carried, Tally(), 0
            tally.add(carried)

    def _is_full(self) -> bool:
        is_late = self._clock() - self._since > LATE_SECONDS
        return self._carries + 1 >= MAX_VALUES or (self._carries > 0 and is_late)

    def _carry(self, tally: Tally) -> None:
        if not self._carries:
            self._since = self._clock()
        self._carries += 1
        self._carried.add(tally)
