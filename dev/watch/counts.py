"""
Counts requests by outcome, with their latencies, and for each second of the last minute.

Reads the metrics in log lines (`chalicelib/telemetry/metrics.py`), so the page shows the same as
the dashboard of a deployment. Callers pass the time in whole seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

FIRST_MS: Final = 0.1
STEPS_PER_DECADE: Final = 5
STEPS: Final = 5 * STEPS_PER_DECADE
"""The steps of a logarithmic scale from 0.1 ms to 10 s. Longer times are in the last step."""
SECONDS: Final = 60

_OUTCOMES: Final = {
    "HitLatency": "hit",
    "MissLatency": "miss",
    "BypassLatency": "bypass",
    "WriteLatency": "write",
    "OtherLatency": "other",
}
"""The latency metrics, and the page's row for each."""
_COUNTED: Final = {"CacheHits", "NegativeHits", "CacheMisses", "CacheBypasses", "ServerErrors"}


class OutcomeCounts:
    """The requests with one outcome. Counts are exact; latencies are exact to a step (× 1.6)."""

    def __init__(self) -> None:
        self._steps = [0] * STEPS
        self._seconds: Counter[int] = Counter()

    def add(self, milliseconds: float, second: int) -> None:
        """Count a request."""
        step = math.log10(max(milliseconds, FIRST_MS) / FIRST_MS) * STEPS_PER_DECADE
        self._steps[min(int(step), STEPS - 1)] += 1
        self._seconds[second] += 1
        if len(self._seconds) > 2 * SECONDS:
            self._seconds = Counter({each: self._seconds[each] for each in _minute(second)})

    def shown(self, second: int) -> dict[str, Any]:
        """Return the values for the page."""
        return {
            "requests": sum(self._steps),
            "steps": self._steps,
            "median": self._quantile(0.5),
            "p99": self._quantile(0.99),
            "minute": [self._seconds[each] for each in _minute(second)],
        }

    def _quantile(self, share: float) -> float | None:
        """Return the upper end, in ms, of the step that contains the quantile `share`."""
        rank, seen = share * sum(self._steps), 0
        for step, number in enumerate(self._steps):
            seen += number
            if number and seen >= rank:
                return float(FIRST_MS * 10 ** ((step + 1) / STEPS_PER_DECADE))
        return None


class Counts:
    """All requests since the stack's start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._outcomes = {name: OutcomeCounts() for name in _OUTCOMES.values()}

    def add(self, line: Mapping[str, Any], second: int) -> None:
        """Add the metrics of a log line."""
        for name in line.keys() & _COUNTED:
            self._counts[name] += line[name]
        for metric in line.keys() & _OUTCOMES.keys():
            for milliseconds in line[metric]:
                self._outcomes[_OUTCOMES[metric]].add(milliseconds, second)

    def shown(self, second: int) -> dict[str, Any]:
        """Return the values for the page. The ratio is of products, with negative hits."""
        outcomes = {name: each.shown(second) for name, each in self._outcomes.items()}
        hits = self._counts["CacheHits"]
        reads = hits + self._counts["CacheMisses"] + self._counts["CacheBypasses"]
        return {
            "outcomes": outcomes,
            "requests": sum(each["requests"] for each in outcomes.values()),
            "errors": self._counts["ServerErrors"],
            "saved": hits,
            "negative": self._counts["NegativeHits"],
            "ratio": hits / reads if reads else None,
        }


def _minute(second: int) -> range:
    return range(second - SECONDS + 1, second + 1)
