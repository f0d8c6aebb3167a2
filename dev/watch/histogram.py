"""How long calls took, in steps of a logarithmic scale. Knows milliseconds, and not of what."""

from __future__ import annotations

import math
from typing import Final

FIRST_MS: Final = 0.1
STEPS_A_DECADE: Final = 5
DECADES: Final = 5
STEPS: Final = STEPS_A_DECADE * DECADES
"""From 0.1 ms to 10 s; what lies beyond an end is counted at that end."""


class Histogram:
    """Counts by step. Exact in number, and to a step (× 1.6) in time."""

    def __init__(self) -> None:
        self.steps = [0] * STEPS

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.steps)

    def add(self, milliseconds: float) -> None:
        """Count one."""
        self.steps[step_of(milliseconds)] += 1

    def quantile(self, share: float) -> float | None:
        """Return the time, in ms, that `share` of the calls kept to; `None` without any call."""
        wanted, seen = share * self.total, 0
        for step, number in enumerate(self.steps):
            seen += number
            if number and seen >= wanted:
                return end_of(step)
        return None


def step_of(milliseconds: float) -> int:
    """Return the step that a time falls into."""
    if milliseconds <= FIRST_MS:
        return 0
    return min(int(math.log10(milliseconds / FIRST_MS) * STEPS_A_DECADE), STEPS - 1)


def end_of(step: int) -> float:
    """Return the upper end of a step, in ms."""
    return float(FIRST_MS * 10 ** ((step + 1) / STEPS_A_DECADE))
