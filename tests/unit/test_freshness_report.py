"""The figures of a run: broken promises and sums."""

from dev.faults import report
from dev.faults.at_rest import AtRest
from dev.faults.load_results import LoadResults, Stale
from dev.faults.timeline import Verdict


def _stale(verdict: Verdict, age_ms: float = 1.0) -> Stale:
    return Stale(
        verdict, "id", "cut", "HIT", seen=1, versions=1, age_ms=age_ms, written_in="", back_ms=None
    )


def _results(*stale: Stale) -> LoadResults:
    results = LoadResults()
    for each in stale:
        results.add_stale(each)
    return results


def test_a_run_without_a_stale_read_keeps_every_promise() -> None:
    """No stale read, no broken promise."""
    assert report.is_kept(report.figures(LoadResults(), AtRest(1, 1, []), 1.0))


def test_a_late_read_breaks_no_promise() -> None:
    """It is counted, and allowed."""
    figures = report.figures(_results(_stale(Verdict.LATE)), None, 1.0)

    assert 1 == figures["stale_reads"]
    assert report.is_kept(figures)


def test_each_kind_of_violation_breaks_a_promise() -> None:
    """A stale read, an overdue one, an entry stale at rest, an unexpected status."""
    failing = LoadResults()
    failing.unexpected["calm", "read", 500] += 1
    runs = [
        report.figures(_results(_stale(Verdict.BROKEN)), None, 1.0),
        report.figures(_results(_stale(Verdict.OVERDUE)), None, 1.0),
        report.figures(LoadResults(), AtRest(1, 1, ["id"]), 1.0),
        report.figures(failing, None, 1.0),
    ]

    assert [False] * 4 == [report.is_kept(figures) for figures in runs]
