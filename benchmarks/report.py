"""The results as Markdown tables and three charts, and where in `docs/performance.md` they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from benchmarks import http
from benchmarks.charts import Bar, bars
from benchmarks.measure import FIRSTS, LIVES
from benchmarks.results import Spread, goals, spread
from benchmarks.targets import OURS, PEERS, TARGETS

Results = dict[str, Any]

_PLACE: Final = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def filled(document: str, results: Results) -> str:
    """Return `document` with each marked place written again."""
    tables = {"goals": goals_table, "functions": functions_table, "http": http_table}
    return _PLACE.sub(lambda place: place[1] + tables[place[2]](results) + place[3], document)


def goals_table(results: Results) -> str:
    """Return the goals, what was seen, and on which machine."""
    rows = [["ratio", "goal", "seen (quartiles)", "of processor time", ""]]
    for each in goals(results):
        rule = f"{'≥' if each.at_least else '≤'} {each.bound:.2f}"
        met = "met" if each.is_met else "**missed**"
        rows.append([each.what, rule, _ratio(each.ratio), _ratio(each.cpu), met])
    return _table(rows) + "\n" + _origin(results["machine"])


def functions_table(results: Results) -> str:
    """Return every function's times."""
    rows = [["ms, median (quartiles)", *(each.label for each in TARGETS)]]
    for group, operations in results["functions"].items():
        for operation, of in operations.items():
            times = (_times(of.get(each.name)) for each in TARGETS)
            rows.append([f"{group}: {operation}", *times])
    return _table(rows)


def http_table(results: Results) -> str:
    """Return what was seen over HTTP, and with the stream on."""
    rows = [["over HTTP", http.OURS, http.UVICORN]]
    units = {"rate": "hits a second", "p50": "median, ms", "p99": "p99, ms"}
    for connections, of in results["http"].items():
        for key, unit in units.items():
            seen = (_spread(spread(of[name][key])) for name in (http.OURS, http.UVICORN))
            rows.append([f"{connections} connections: {unit}", *seen])
    more = [["with the stream on", "median (quartiles)"]]
    titles = {
        "mixed": "90 reads in 100",
        "one cold key": f"{http.READERS} readers of one cold key, four processes",
    }
    for part, rounds in results["traffic"].items():
        for key in rounds[0]:
            seen = _spread(spread([each[key] for each in rounds]))
            more.append([f"{titles[part]}: {key}", seen])
    return _table(rows) + "\n" + _table(more)


def charts(results: Results) -> dict[str, str]:
    """Return each chart under its file's name."""
    functions = results["functions"]
    lives = [(mode, functions[mode]["sum"]) for mode in LIVES if mode in functions]
    return {
        "bench-cold.svg": _chart("Cold start to the first answer, one CPU, ms", functions["cold"]),
        "bench-warm.svg": _chart("Warm requests, ms", {n: functions["warm"][n] for n in FIRSTS}),
        "bench-life.svg": _chart("First hit, miss and write of a container, ms", dict(lives)),
    }


def _chart(title: str, groups: dict[str, Results]) -> str:
    return bars(
        title,
        [
            (
                name,
                [
                    Bar(each.label, _kind(each), *spread(of[each.name]["wall"]))
                    for each in TARGETS
                    if each.name in of
                ],
            )
            for name, of in groups.items()
        ],
    )


def _kind(target: object) -> str:
    return "ours" if target is OURS else "peer" if target in PEERS else "limit"


def _origin(machine: Results) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    loads = " and ".join(f"{load:.1f}" for load in machine["load before and after"])
    return (
        f"Taken {machine['taken']} at {machine['commit']}: {machine['processor']} "
        f"(load before and after: {loads}), {machine['system']}, Python {machine['python']}, "
        f"{packages}.\n"
    )


def _times(of: Results | None) -> str:
    if of is None:
        return ""
    return _spread(spread(of["wall"])) + f"; CPU {_number(spread(of['cpu']).median)}"


def _spread(of: Spread) -> str:
    return f"{_number(of.median)} ({_number(of.low)} – {_number(of.high)})"


def _ratio(of: Spread | None) -> str:
    return f"{of.median:.2f} ({of.low:.2f} – {of.high:.2f})" if of else ""


def _number(value: float) -> str:
    """Return three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    return "".join(_lines(rows))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |\n".replace("|  |", "| |")
        if number == 0:
            yield "|" + "---|" * len(row) + "\n"
