"""Times by what was done, by whom and in which round; their medians, spread and ratios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles
from typing import Any

Summary = dict[str, Any]


class Samples:
    """The seconds that something took, by round. A ratio is of one round, then of all rounds."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[list[float]]] = {}

    def add(self, name: str, seconds: Iterable[float]) -> None:
        """Add a round of `name`'s."""
        self._rounds.setdefault(name, []).append(list(seconds))

    def summary(self) -> Summary:
        """Return each one's times in milliseconds."""
        return {name: times(rounds) for name, rounds in self._rounds.items()}

    def ratio(self, name: str, to: str) -> Summary:
        """Return how many times as long `name` took as `to`."""
        pairs = zip(self._rounds[name], self._rounds[to], strict=True)
        return spread([median(one) / median(other) for one, other in pairs])


def times(rounds: Sequence[Sequence[float]]) -> Summary:
    """Return the median round, how far rounds are apart, and the slowest hundredth of all."""
    medians = [1000 * median(each) for each in rounds]
    every = [1000 * seconds for each in rounds for seconds in each]
    return spread(medians) | {"p99": percentile(every, 99), "samples": len(every)}


def spread(values: Sequence[float]) -> Summary:
    """Return median and quartiles."""
    low, middle, high = quartiles(values)
    return {"median": middle, "q1": low, "q3": high}


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return what a quarter, a half and three quarters of the values are at most."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def percentile(values: Sequence[float], percent: int) -> float:
    """Return what `percent` of the values are at most."""
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)]
