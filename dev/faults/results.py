"""What a load records of its calls."""

from __future__ import annotations

from typing import NamedTuple

from dev.faults.timeline import CALM, Verdict


class Call(NamedTuple):
    """What is counted of a call."""

    phase: str
    """The fault at its start, or `calm`."""
    is_write: bool
    status: int
    cache: str
    is_unexpected: bool
    """Whether it failed without a fault that explains that."""
    ms: float
    """The duration, rounded to 0.1 ms."""


class Stale(NamedTuple):
    """A read that missed acknowledged writes."""

    verdict: Verdict
    product_id: str
    phase: str
    cache: str
    seen: int | None
    age_ms: float
    """The time from the acknowledgement of the oldest missed write to the read."""
    written_in: str
    """The faults during that write."""
    back_ms: float
    """The time from Redis's return to the read, if Redis was unavailable during the writes."""

    def __str__(self) -> str:
        """Describe it in one line."""
        return (
            f"{self.verdict.name} in phase {self.phase}: {self.product_id} was read at version "
            f"{self.seen} ({self.cache or 'of several'}), {self.age_ms:.0f} ms after a write in "
            f"phase {self.written_in or CALM} and {self.back_ms:.0f} ms after Redis's return"
        )
