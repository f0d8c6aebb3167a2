"""The counts and latencies that one worker of the load records. Does not judge them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final, NamedTuple

from dev.faults.timeline import Verdict

EXAMPLES_KEPT: Final = 20


class Stale(NamedTuple):
    """A read that missed acknowledged writes."""

    verdict: Verdict
    product_id: str
    phase: str
    cache: str
    """The value of `X-Cache`; or `select`, `list`, or `write` for a write's 404."""
    seen: int | None
    versions: int
    """The number of missed writes."""
    age_ms: float
    """The time from the acknowledgement of the oldest missed write to the read."""
    written_in: str
    """The faults during that write."""
    back_ms: float | None
    """The time from Redis's return to the read, if Redis was unavailable during the writes."""


class LoadResults:
    """Counts, and latencies in seconds, by phase and kind of call."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[tuple[str, str, int]] = Counter()
        """Calls by phase, kind and status."""
        self.unexpected: Counter[tuple[str, str, int]] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Reads by phase and `X-Cache`."""
        self.latencies: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.verdicts: Counter[tuple[str, Verdict]] = Counter()
        self.stale: list[Stale] = []
        self.oldest_ms = 0.0
        self.back_ms = 0.0

    def add_stale(self, stale: Stale) -> None:
        """Count a stale read."""
        self.verdicts[stale.phase, stale.verdict] += 1
        self.oldest_ms = max(self.oldest_ms, stale.age_ms)
        self.back_ms = max(self.back_ms, stale.back_ms or 0.0)
        self.stale = sorted([*self.stale, stale], key=_worst_first)[:EXAMPLES_KEPT]

    def add(self, other: LoadResults) -> None:
        """Add the results of another worker."""
        self.counts += other.counts
        self.statuses += other.statuses
        self.unexpected += other.unexpected
        self.outcomes += other.outcomes
        self.verdicts += other.verdicts
        for key, latencies in other.latencies.items():
            self.latencies[key] += latencies
        self.oldest_ms = max(self.oldest_ms, other.oldest_ms)
        self.back_ms = max(self.back_ms, other.back_ms)
        self.stale = sorted(self.stale + other.stale, key=_worst_first)[:EXAMPLES_KEPT]

    def stale_reads(self, verdict: Verdict | None = None) -> int:
        """Return the number of stale reads with this verdict, or with any."""
        return sum(n for (_, each), n in self.verdicts.items() if verdict in (None, each))


def _worst_first(stale: Stale) -> tuple[int, float]:
    return -stale.verdict, -stale.age_ms
