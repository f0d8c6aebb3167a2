"""What the figures have to show, each as a ratio of one run. Knows no measuring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.contestants import BARE, CHALICE, OURS, PEERS
from benchmarks.http import CONNECTIONS, UVICORN
from benchmarks.http import OURS as OUR_SERVER
from benchmarks.samples import Samples
from benchmarks.warm import PLAIN_READ

Figures = dict[str, Any]


class Target(NamedTuple):
    """A ratio, and what it has to be: at most `bound`, or at least where it is a rate."""

    what: str
    ratio: Figures
    bound: float
    at_least: bool = False

    def told(self) -> Figures:
        """Return it as JSON takes it."""
        value = self.ratio["median"]
        met = value >= self.bound if self.at_least else value <= self.bound
        word = "at least" if self.at_least else "at most"
        return {"what": self.what, **self.ratio, "rule": f"{word} {self.bound:.4g}", "met": met}


def of_functions(warm: dict[str, Samples], cold: dict[str, Samples]) -> Iterator[Target]:
    """Yield what is asked of the Lambda."""
    ours = OURS.name
    yield Target("warm hit : a bare GET", warm["hit"].ratio(ours, BARE.name), 1.35)
    for peer in PEERS:
        yield Target(f"warm hit : {peer.label}", warm["hit"].ratio(ours, peer.name), 1)
    for outcome, bound in (("hit", 1 / 8), ("miss", 1 / 3)):
        ratio = cold[outcome].ratio(ours, CHALICE.name)
        yield Target(f"cold {outcome} : {CHALICE.label}", ratio, bound)
    yield Target(f"warm miss : its {PLAIN_READ}", warm["miss"].ratio(ours, PLAIN_READ), 1.5)


def of_server(http: Figures) -> Iterator[Target]:
    """Yield what is asked of the local server."""
    for connections in map(str, CONNECTIONS):
        told = http[connections]
        at = f"over HTTP, {connections} connections"
        yield Target(f"requests a second {at} : (f)", told["ratio"], 3, at_least=True)
        for of in ("p50", "p99"):
            ratio = told[OUR_SERVER][of]["median"] / told[UVICORN][of]["median"]
            yield Target(f"{of} {at} : (f)", {"median": ratio, "q1": ratio, "q3": ratio}, 1)
