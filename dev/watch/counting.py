"""
What the API's log lines add up to: requests by outcome, hits, errors. Knows no page and no clock.

Counts are the metrics that each line bears (`chalicelib/telemetry/metrics.py`), so the page shows
what the dashboard of a deployment would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from dev.watch.histogram import Histogram
from dev.watch.minute import Minute

_TIMED: Final = {
    "HitLatency": "hit",
    "MissLatency": "miss",
    "BypassLatency": "bypass",
    "WriteLatency": "write",
    "OtherLatency": "other",
}
"""The metrics that have a time for each request, and the row of the page that shows them."""
_COUNTED: Final = {"CacheHits", "NegativeHits", "CacheMisses", "CacheBypasses", "ServerErrors"}


class Outcome:
    """The requests that ended in one way."""

    def __init__(self) -> None:
        self.latency = Histogram()
        self.minute = Minute()

    def add(self, milliseconds: float, second: int) -> None:
        """Count one."""
        self.latency.add(milliseconds)
        self.minute.add(second)

    def shown(self, second: int) -> dict[str, Any]:
        """Return what the page draws."""
        return {
            "requests": self.latency.total,
            "steps": self.latency.steps,
            "median": self.latency.quantile(0.5),
            "p99": self.latency.quantile(0.99),
            "minute": self.minute.until(second),
        }


class Counts:
    """All since the stack's start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._outcomes = {name: Outcome() for name in _TIMED.values()}

    def take(self, line: Mapping[str, Any], second: int) -> None:
        """Add the metrics of a line that was written in this second."""
        for name in line.keys() & _COUNTED:
            self._counts[name] += line[name]
        for metric in line.keys() & _TIMED.keys():
            for milliseconds in line[metric]:
                self._outcomes[_TIMED[metric]].add(milliseconds, second)

    def shown(self, second: int) -> dict[str, Any]:
        """Return what the page shows in this second."""
        outcomes = {name: each.shown(second) for name, each in self._outcomes.items()}
        return {
            "outcomes": outcomes,
            "requests": sum(each["requests"] for each in outcomes.values()),
            "errors": self._counts["ServerErrors"],
            "saved": self._counts["CacheHits"],
            "negative": self._counts["NegativeHits"],
            "ratio": self._ratio(),
        }

    def _ratio(self) -> float | None:
        """Return the share of products read that Redis knew, or knew not to exist."""
        hits = self._counts["CacheHits"]
        asked = hits + self._counts["CacheMisses"] + self._counts["CacheBypasses"]
        return hits / asked if asked else None
