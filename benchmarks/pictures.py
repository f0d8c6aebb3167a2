"""Which charts are made of the figures, and under which names in `docs/`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.charts import Bar, Line, bars, lines
from benchmarks.contestants import BARE, CONTESTANTS, NOTHING, OURS, PEERS, Contestant
from benchmarks.http import CONNECTIONS, UVICORN
from benchmarks.http import OURS as OUR_SERVER

Figures = dict[str, Any]

_SERVERS: Final = ((OUR_SERVER, "make run", "ours"), (UVICORN, "(f) uvicorn", "peer0"))


def pictures(figures: Figures) -> dict[str, str]:
    """Return each picture under its file's name."""
    cold, warm = figures["cold"], figures["warm"]
    return {
        "bench-cold.svg": bars(
            "Cold start: process start to first answer, ms",
            [("hit", _bars(cold["hit"])), ("miss", _bars(cold["miss"]))],
        ),
        "bench-warm.svg": bars(
            "Warm requests through the Lambda runtime client, ms",
            [(name, _bars(warm[name])) for name in ("hit", "miss", "write")],
        ),
        "bench-http.svg": bars(
            "Hits a second over HTTP",
            [(f"{n} connections", _rates(figures["http"][str(n)])) for n in CONNECTIONS],
        ),
        "bench-size.svg": lines(
            "A hit by the size of the item", "characters", _lines(figures["by size"], CONTESTANTS)
        ),
        "bench-keys.svg": lines(
            "A hit by the number of keys in Redis", "keys", _lines(figures["by keys"], CONTESTANTS)
        ),
    }


def _kind(contestant: Contestant) -> str:
    if contestant in (BARE, NOTHING):
        return "limit"
    return "ours" if contestant is OURS else f"peer{PEERS.index(contestant)}"


def _bars(of: Figures) -> list[Bar]:
    return [
        Bar(each.label, _kind(each), told["median"], told["q1"], told["q3"])
        for each in CONTESTANTS
        if (told := of.get(each.name))
    ]


def _rates(of: Figures) -> list[Bar]:
    return [
        Bar(label, kind, rate["median"], rate["q1"], rate["q3"])
        for name, label, kind in _SERVERS
        for rate in [of[name]["requests a second"]]
    ]


def _lines(of: Figures, contestants: Sequence[Contestant]) -> list[Line]:
    there = next(iter(of.values()))
    return [
        Line(
            each.label,
            _kind(each),
            [(int(x), told[each.name]["median"]) for x, told in of.items()],
        )
        for each in contestants
        if each.name in there
    ]
