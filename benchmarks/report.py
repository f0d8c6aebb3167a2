"""
The figures as Markdown, and where in a document they stand. Knows no measuring.

A document marks its place by `<!-- bench:NAME -->` and `<!-- /bench -->`; what stands between is
made from `results/latest.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from benchmarks import scale
from benchmarks.contestants import BARE, CONTESTANTS, OURS, PEERS
from benchmarks.http import CONNECTIONS, UVICORN
from benchmarks.http import OURS as OUR_SERVER
from benchmarks.warm import NOT_MODIFIED, PLAIN_READ

Figures = dict[str, Any]

_PLACE: Final = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
_MB: Final = 1_000_000


def filled(document: str, figures: Figures) -> str:
    """Return `document` with each marked place made anew."""
    return _PLACE.sub(lambda place: place[1] + TABLES[place[2]](figures) + place[3], document)


def summary(figures: Figures) -> str:
    """Return the short table: ours, the limit, the best peer, and the ratios."""
    rows = [
        ["", "this project", "a bare `GET`", "best peer", "to the limit", "to the best peer"],
        ["---"] * 6,
        *_functions(figures),
        *_servers(figures),
    ]
    return _table(rows) + "\n" + _origin(figures)


def details(figures: Figures) -> str:
    """Return every contestant's times."""
    head = ["ms, median (quartiles)", *(each.label for each in CONTESTANTS)]
    rows = [head, ["---"] * len(head)]
    for name, of in _operations(figures):
        rows.append([name, *(_spread(of.get(each.name)) for each in CONTESTANTS)])
    for name, of in figures["round trips"].items():
        rows.append([f"{name}: Redis + DynamoDB", *(_trips(of, each.name) for each in CONTESTANTS)])
    for title, of in (("peak memory", figures["memory"]), ("package,", figures["packages"])):
        rows += [[f"{title} {what}, MB", *_megabytes(of, what)] for what in of[OURS.name]]
    return _table(rows) + f"\n{_plain_read(figures)}\n"


def promises(figures: Figures) -> str:
    """Return the targets, and whether they were met."""
    rows = [["ratio", "rule", "median (quartiles)", ""], ["---"] * 4]
    for each in figures["targets"]:
        met = "met" if each["met"] else "**missed**"
        rows.append([each["what"], each["rule"], _spread(each), met])
    return _table(rows)


def growth(figures: Figures) -> str:
    """Return how hits grow: with the item's size, with the number of keys."""
    wanted = [each for each in CONTESTANTS if each.name in figures["by size"]["1000"]]
    rows = [["a hit of", *(each.label for each in wanted)], ["---"] * (len(wanted) + 1)]
    for size, of in figures["by size"].items():
        rows.append([f"{int(size) // 1000} KB", *(_spread(of[each.name]) for each in wanted)])
    keys = [["keys in Redis", BARE.label, OURS.label], ["---"] * 3]
    for number, of in figures["by keys"].items():
        keys.append([f"{int(number):,}", *(_spread(of[each.name]) for each in (BARE, OURS))])
    return _table(rows) + "\n" + _table(keys)


TABLES: Final = {
    "summary": summary,
    "details": details,
    "promises": promises,
    "growth": growth,
    "scale": scale.table,
}


def _functions(figures: Figures) -> Iterator[list[str]]:
    for name, of in _operations(figures):
        ours, limit = of[OURS.name]["median"], of.get(BARE.name)
        row = [f"{name}, ms", _number(ours), _number(limit["median"]) if limit else ""]
        peers = [(of[each.name]["median"], each.label[:3]) for each in PEERS if each.name in of]
        best, peer = min(peers, default=(None, ""))
        row += [f"{_number(best)} {peer}" if best else "", _times(ours, limit)]
        yield [*row, f"{ours / best:.2f} ×" if best else ""]


def _servers(figures: Figures) -> Iterator[list[str]]:
    for connections in map(str, CONNECTIONS):
        told = figures["http"][connections]
        ours, peer = (told[name]["requests a second"]["median"] for name in (OUR_SERVER, UVICORN))
        name = f"hits a second over HTTP, {connections} connections"
        yield [name, f"{ours:,.0f}", "", f"{peer:,.0f} (f)", "", f"{ours / peer:.2f} ×"]
        for of in ("p50", "p99"):
            ours, peer = (told[name][of]["median"] for name in (OUR_SERVER, UVICORN))
            row = [f"their {of}, ms", _number(ours), "", f"{_number(peer)} (f)", ""]
            yield [*row, f"{ours / peer:.2f} ×"]


def _operations(figures: Figures) -> Iterator[tuple[str, Figures]]:
    yield "cold start, hit", figures["cold"]["hit"]
    yield "cold start, miss", figures["cold"]["miss"]
    yield "hit", figures["warm"]["hit"]
    yield "304", figures["warm"][NOT_MODIFIED]
    yield "miss", figures["warm"]["miss"]
    yield "write", figures["warm"]["write"]


def _plain_read(figures: Figures) -> str:
    of = figures["warm"]["miss"][PLAIN_READ]
    return f"{PLAIN_READ} from the emulator, alone: {_spread(of)} ms."


def _origin(figures: Figures) -> str:
    changed = " and uncommitted changes" if figures["changed since"] else ""
    packages = ", ".join(f"{name} {number}" for name, number in figures["versions"].items())
    return (
        f"Taken {figures['taken']} at {figures['commit']}{changed}, by `make bench`: "
        f"{figures['machine']} (load before: {figures['load before']}), {figures['system']}, "
        f"Python {figures['python']}, {packages}.\n"
    )


def _trips(of: Figures, name: str) -> str:
    return f"{of[name]['redis']} + {of[name]['dynamodb']}" if name in of else ""


def _megabytes(of: Figures, what: str) -> list[str]:
    return [f"{of[each.name][what] / _MB:.1f}" for each in CONTESTANTS]


def _spread(of: Figures | None) -> str:
    if of is None:
        return ""
    return f"{_number(of['median'])} ({_number(of['q1'])} – {_number(of['q3'])})"


def _times(ours: float, limit: Figures | None) -> str:
    return f"{ours / limit['median']:.2f} ×" if limit else ""


def _number(value: float) -> str:
    """Return three digits of it: nobody can tell more apart."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _table(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n".replace("|  |", "| |") for row in rows)
