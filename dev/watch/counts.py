"""
Running totals of the requests: by outcome, their times, and the last minute second by second.

Knows the metrics that a log line has (`chalicelib/telemetry/metrics.py`), so the page shows what
the dashboard of a deployment would. Knows no clock: each call gives the time in whole seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

FIRST_MS: Final = 0.1
STEPS_PER_DECADE: Final = 5
STEPS: Final = 5 * STEPS_PER_DECADE
"""Of a logarithmic scale from 0.1 ms to 10 s; longer times are in the last step."""
SECONDS: Final = 60

_OUTCOMES: Final = {
    "HitLatency": "hit",
    "MissLatency": "miss",
    "BypassLatency": "bypass",
    "WriteLatency": "write",
    "OtherLatency": "other",
}
"""The metrics that have a time for each request, and the page's row for each."""
_COUNTED: Final = {"CacheHits", "NegativeHits", "CacheMisses", "CacheBypasses", "ServerErrors"}


class Outcome:
    """The requests with one outcome. Exact in number, and to a step (× 1.6) in time."""

    def __init__(self) -> None:
        self._steps = [0] * STEPS
        self._seconds: Counter[int] = Counter()

    def add(self, milliseconds: float, second: int) -> None:
        """Count a request."""
        self._steps[step_of(milliseconds)] += 1
        self._seconds[second] += 1
        if len(self._seconds) > 2 * SECONDS:
            self._seconds = Counter({each: self._seconds[each] for each in _minute(second)})

    def shown(self, second: int) -> dict[str, Any]:
        """Return what the page draws."""
        return {
            "requests": sum(self._steps),
            "steps": self._steps,
            "median": self._quantile(0.5),
            "p99": self._quantile(0.99),
            "minute": self._last_minute(second),
        }

    def _last_minute(self, second: int) -> list[int]:
        return [self._seconds[each] for each in _minute(second)]

    def _quantile(self, share: float) -> float | None:
        """Return the upper end of the step, in ms, within which `share` of the requests lie."""
        wanted, seen = share * sum(self._steps), 0
        for step, number in enumerate(self._steps):
            seen += number
            if number and seen >= wanted:
                return end_of(step)
        return None


class Counts:
    """All requests since the stack's start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._outcomes = {name: Outcome() for name in _OUTCOMES.values()}

    def add(self, line: Mapping[str, Any], second: int) -> None:
        """Add the metrics of a log line."""
        for name in line.keys() & _COUNTED:
            self._counts[name] += line[name]
        for metric in line.keys() & _OUTCOMES.keys():
            for milliseconds in line[metric]:
                self._outcomes[_OUTCOMES[metric]].add(milliseconds, second)

    def shown(self, second: int) -> dict[str, Any]:
        """Return what the page shows."""
        outcomes = {name: each.shown(second) for name, each in self._outcomes.items()}
        return {
            "outcomes": outcomes,
            "requests": sum(each["requests"] for each in outcomes.values()),
            "errors": self._counts["ServerErrors"],
            "saved": self._counts["CacheHits"],
            "negative": self._counts["NegativeHits"],
            "ratio": self._hit_ratio(),
        }

    def _hit_ratio(self) -> float | None:
        """Return the share of products read that Redis had, or had as missing."""
        hits = self._counts["CacheHits"]
        reads = hits + self._counts["CacheMisses"] + self._counts["CacheBypasses"]
        return hits / reads if reads else None


def step_of(milliseconds: float) -> int:
    """Return the step that a time is in."""
    if milliseconds <= FIRST_MS:
        return 0
    return min(int(math.log10(milliseconds / FIRST_MS) * STEPS_PER_DECADE), STEPS - 1)


def end_of(step: int) -> float:
    """Return the upper end of a step, in ms."""
    return float(FIRST_MS * 10 ** ((step + 1) / STEPS_PER_DECADE))


def _minute(second: int) -> range:
    return range(second - SECONDS + 1, second + 1)
