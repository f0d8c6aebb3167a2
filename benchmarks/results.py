"""From the rounds' figures to medians, quartiles, ratios and goals. Knows no measuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Any, NamedTuple

from benchmarks import http
from benchmarks.measure import FIRSTS, LIVES
from benchmarks.targets import LIMIT_HIT, LIMIT_MISS, LIMIT_WRITE, OURS, PEERS

Results = dict[str, Any]


class Spread(NamedTuple):
    """Median and quartiles of the rounds."""

    low: float
    median: float
    high: float


class Goal(NamedTuple):
    """A ratio, what it is to be, and the same ratio of processor time where there is one."""

    what: str
    ratio: Spread
    bound: float
    at_least: bool = False
    cpu: Spread | None = None

    @property
    def is_met(self) -> bool:
        """Whether the median is within the bound."""
        value = self.ratio.median
        return value >= self.bound if self.at_least else value <= self.bound


def spread(rounds: Sequence[float]) -> Spread:
    """Return median and quartiles."""
    if len(rounds) == 1:
        return Spread(rounds[0], rounds[0], rounds[0])
    return Spread(*quantiles(rounds, n=4, method="inclusive"))


def goals(results: Results) -> Iterator[Goal]:
    """Yield every goal that the results have figures for."""
    functions = results["functions"]
    cold, warm = functions["cold"], functions["warm"]
    yield _goal("warm hit : (a)", warm["hit"], LIMIT_HIT.name, 1.25)
    yield _goal("cold hit : (a)", cold["hit"], LIMIT_HIT.name, 1.25)
    yield _goal("cold miss : (b)", cold["miss"], LIMIT_MISS.name, 1.15)
    yield _goal("cold write : (c)", cold["write"], LIMIT_WRITE.name, 1.20)
    for mode in LIVES:
        if mode in functions:
            yield _beside_peer(f"{mode}, sum", functions[mode]["sum"], 0.60)
    for operation, bound in zip(FIRSTS, (1.0, 1.10, 1.10), strict=True):
        yield _beside_peer(f"warm {operation}", warm[operation], bound)
    for connections, bound in zip(map(str, http.CONNECTIONS), (1.3, 2.0, 2.0), strict=True):
        ours, other = (results["http"][connections][each] for each in (http.OURS, http.UVICORN))
        at = f"over HTTP, {connections} connections"
        yield Goal(f"hits a second {at}", _ratio(ours["rate"], other["rate"]), bound, at_least=True)
        if connections != "1":
            yield Goal(f"p99 {at}", _ratio(ours["p99"], other["p99"]), 1.0)
    misses = [each["misses a write"] for each in results["traffic"]["mixed"]]
    yield Goal("misses a write", spread(misses), 1.1)


def best_peer(of: Results) -> str:
    """Return the name of the peer with the least median."""
    return min((each.name for each in PEERS), key=lambda name: spread(of[name]["wall"]).median)


def _beside_peer(what: str, of: Results, bound: float) -> Goal:
    peer = best_peer(of)
    (label,) = (each.label for each in PEERS if each.name == peer)
    return _goal(f"{what} : {label}", of, peer, bound)


def _goal(what: str, of: Results, to: str, bound: float) -> Goal:
    ours, other = of[OURS.name], of[to]
    cpu = _ratio(ours["cpu"], other["cpu"]) if all(other["cpu"]) else None
    return Goal(what, _ratio(ours["wall"], other["wall"]), bound, cpu=cpu)


def _ratio(ours: Sequence[float], other: Sequence[float]) -> Spread:
    """Return the ratio of each round's two figures."""
    return spread([one / two for one, two in zip(ours, other, strict=True)])
