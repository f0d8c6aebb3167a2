"""The results of a load, and plain tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dev.faults.client import LOST, is_failure
from dev.faults.load import Load
from dev.faults.results import Call
from dev.faults.timeline import CALM, Verdict


class Report:
    """The results of a load that has ended, and the stale entries that it left."""

    def __init__(self, load: Load, at_rest: Sequence[str] = ()) -> None:
        self.calls = load.calls
        self.stale = sorted(load.stale, key=lambda each: (-each.verdict, -each.age_ms))
        self._at_rest = at_rest
        self.reads = self._count(lambda call: not call.is_write and not is_failure(call.status))
        self.writes = self._count(lambda call: call.is_write and 200 <= call.status < 300)
        self.writes_unknown = self._count(lambda call: call.is_write and is_failure(call.status))
        self.hit_ratio = _hit_ratio(self.calls)
        self.phases = {name: self._phase(name) for name in self._phase_names()}
        """The figures of each phase: calm, then the faults."""
        self.broken = {
            "promise 1: stale reads": self._stale(Verdict.BROKEN),
            "promise 3: stale reads past the time allowed": self._stale(Verdict.OVERDUE),
            "stale at rest": len(at_rest),
            "unexpected 5xx and lost connections": self._count(lambda call: call.is_unexpected),
        }

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.broken.values())

    def __str__(self) -> str:
        """Return all results as text."""
        refused = self._count(lambda call: call.is_write and call.status in (404, 412))
        head = (
            f"{self.reads} reads, {self.writes} writes; {self.hit_ratio:.1%} hits; "
            f"{refused} writes refused, {self.writes_unknown} of unknown outcome"
        )
        rows = ({"phase": name, **phase} for name, phase in self.phases.items())
        return "\n".join([head, "", table(rows), "", *self._conclusions()])

    def _conclusions(self) -> Iterator[str]:
        last = max((each.back_ms for each in self.stale), default=0.0)
        yield (
            f"{self._stale(Verdict.LATE)} stale reads of writes made in an outage, as promise 3 "
            f"allows; the last {last:.0f} ms after Redis's return"
        )
        yield from (f"{count} {promise}" for promise, count in self.broken.items())
        yield from (f"  for example {example}" for example in self.stale[:3])
        yield from (f"  at rest {example}" for example in self._at_rest[:3])
        yield from (f"  unexpected {call}" for call in self.calls if call.is_unexpected)
        yield "Every promise kept." if self.is_kept else "A promise was broken."

    def _count(self, is_counted: Callable[[Call], bool]) -> int:
        return sum(n for call, n in self.calls.items() if is_counted(call))

    def _stale(self, verdict: Verdict) -> int:
        return sum(stale.verdict is verdict for stale in self.stale)

    def _phase_names(self) -> list[str]:
        return list(dict.fromkeys([CALM, *(call.phase for call in self.calls)]))

    def _phase(self, name: str) -> dict[str, Any]:
        calls = Counter({call: n for call, n in self.calls.items() if call.phase == name})
        verdicts = Counter(stale.verdict for stale in self.stale if stale.phase == name)
        return {
            "calls": calls.total(),
            "hits %": round(100 * _hit_ratio(calls)),
            "5xx": sum(n for call, n in calls.items() if call.status >= 500),
            "lost": sum(n for call, n in calls.items() if call.status == LOST),
            **{verdict.name.lower(): verdicts[verdict] for verdict in reversed(Verdict)},
            **quantiles("read", (call.ms for call in calls.elements() if not call.is_write)),
            **quantiles("write", (call.ms for call in calls.elements() if call.is_write)),
        }


def table(rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows with the same keys as aligned lines: the first column left, the others right."""
    rows = list(rows)
    lines = [[str(cell) for cell in line] for line in [[*rows[0]], *(row.values() for row in rows)]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def quantiles(name: str, milliseconds: Iterable[float]) -> dict[str, float]:
    """Return p50, p99 and max, as columns of a table."""
    ordered = sorted(milliseconds) or [0.0]
    at = {"p50": len(ordered) // 2, "p99": len(ordered) * 99 // 100, "max": len(ordered) - 1}
    return {f"{name} {each}": round(ordered[n], 1) for each, n in at.items()}


def _hit_ratio(calls: Counter[Call]) -> float:
    """Return the share of hits among reads of one product."""
    outcomes = Counter[str]()
    for call, n in calls.items():
        outcomes[call.cache] += n
    return outcomes["HIT"] / max(1, outcomes.total() - outcomes[""])
