"""Returns the figures of a run as JSON and as tables, and counts broken promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dev.faults.at_rest import AtRest
from dev.faults.load_results import LoadResults
from dev.faults.timeline import Verdict

_MS = 1000


def figures(
    results: LoadResults, rest: AtRest | None, seconds: float, **about: Any
) -> dict[str, Any]:
    """Return all figures, ready for JSON."""
    counts = results.counts
    broken = {
        "promise 1: stale reads": results.stale_reads(Verdict.BROKEN),
        "promise 3: stale reads past the time allowed": results.stale_reads(Verdict.OVERDUE),
        "stale at rest": len(rest.stale) if rest else 0,
        "unexpected 5xx and lost connections": sum(results.unexpected.values()),
    }
    return {
        **about,
        "seconds": round(seconds, 1),
        "reads": counts["reads"],
        "writes": counts["writes"],
        "writes_refused": counts["refused"],
        "writes_unknown": counts["unknown"],
        "hit_ratio": hit_ratio(results),
        "stale_reads": results.stale_reads(),
        "stale_reads_late_as_promise_3_allows": results.stale_reads(Verdict.LATE),
        "oldest_stale_read_ms": round(results.oldest_ms, 1),
        "last_late_read_after_return_ms": round(results.back_ms, 1),
        "stale_examples": [_example(stale) for stale in results.stale],
        "at_rest": rest._asdict() if rest else None,
        "phases": {phase: _phase(results, phase) for phase in phases(results)},
        "unexpected": [[*key, n] for key, n in sorted(results.unexpected.items())],
        "broken": broken,
    }


def phases(results: LoadResults) -> list[str]:
    """Return the phases in order: calm, then the faults."""
    return list(dict.fromkeys(["calm", *(phase for phase, _ in results.latencies)]))


def hit_ratio(results: LoadResults, phase: str | None = None) -> float:
    """Return the share of reads that were hits, in one phase or in all."""
    of_phase = {key: n for key, n in results.outcomes.items() if phase in (None, key[0])}
    hits = sum(n for (_, outcome), n in of_phase.items() if outcome == "HIT")
    return round(hits / max(1, sum(of_phase.values())), 4)


def is_kept(figures: dict[str, Any]) -> bool:
    """Return whether every promise was kept."""
    return not any(figures["broken"].values())


def text(figures: dict[str, Any]) -> str:
    """Return the figures as text."""
    head = (
        f"{figures['reads']} reads, {figures['writes']} writes in {figures['seconds']} s; "
        f"{figures['hit_ratio']:.1%} hits; {figures['writes_refused']} writes refused, "
        f"{figures['writes_unknown']} of unknown outcome"
    )
    return "\n".join([head, "", *_phase_table(figures), "", *_verdict(figures)])


def table(rows: Iterable[Sequence[object]]) -> list[str]:
    """Return rows as aligned lines: the first column left, the others right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def quantiles(seconds: Iterable[float]) -> dict[str, float]:
    """Return p50, p99 and max in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": len(ordered) - 1}
    return {name: round(ordered[n] * _MS, 2) for name, n in at.items()}


def _phase(results: LoadResults, phase: str) -> dict[str, Any]:
    return {
        "statuses": {
            f"{kind} {status}": n
            for (each, kind, status), n in sorted(results.statuses.items())
            if each == phase
        },
        "hit_ratio": hit_ratio(results, phase),
        "stale": {
            verdict.name.lower(): results.verdicts[phase, verdict] for verdict in reversed(Verdict)
        },
        "read_ms": quantiles(results.latencies[phase, "read"]),
        "write_ms": quantiles(results.latencies[phase, "write"]),
    }


def _example(stale: Any) -> dict[str, Any]:
    back_ms = None if stale.back_ms is None else round(stale.back_ms, 1)
    short = {"verdict": stale.verdict.name, "age_ms": round(stale.age_ms, 1), "back_ms": back_ms}
    return {**stale._asdict(), **short}


def _phase_table(figures: dict[str, Any]) -> list[str]:
    heads = ["phase", "calls", "hits", "5xx", "lost", "broken", "overdue", "late"]
    times = [f"{kind} {name}" for kind in ("read", "write") for name in ("p50", "p99", "max")]
    rows = [_row(name, phase) for name, phase in figures["phases"].items()]
    return table([[*heads, *times], *rows])


def _row(name: str, phase: dict[str, Any]) -> list[object]:
    statuses: dict[str, int] = phase["statuses"]
    failed = sum(n for status, n in statuses.items() if status.split()[1] >= "500")
    lost = sum(n for status, n in statuses.items() if status.split()[1] == "0")
    times = [ms for kind in ("read_ms", "write_ms") for ms in phase[kind].values()]
    shown = [name, sum(statuses.values()), f"{phase['hit_ratio']:.0%}", failed, lost]
    return [*shown, *phase["stale"].values(), *times]


def _verdict(figures: dict[str, Any]) -> Iterator[str]:
    late = figures["stale_reads_late_as_promise_3_allows"]
    last = figures["last_late_read_after_return_ms"]
    yield (
        f"{late} stale reads of writes made in an outage, as promise 3 allows; "
        f"the last {last:.0f} ms after Redis's return"
    )
    for promise, count in figures["broken"].items():
        yield f"{count} {promise}"
    for example in figures["stale_examples"][:3]:
        yield f"  for example {example}"
    for example in (figures["at_rest"] or {"stale": []})["stale"][:3]:
        yield f"  at rest {example}"
    for phase, kind, status, count in figures["unexpected"]:
        yield f"  unexpected: {status} to {count} calls ({kind}, {phase})"
    yield "Every promise kept." if is_kept(figures) else "A promise was broken."
