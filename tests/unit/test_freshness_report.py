"""The figures of a run: what counts as broken, and how times are summed up."""

from dev.freshness import report
from dev.freshness.at_rest import AtRest
from dev.freshness.tally import EXAMPLES_KEPT, Stale, Tally
from dev.freshness.timeline import Verdict


def _stale(verdict: Verdict, age_ms: float = 1.0) -> Stale:
    return Stale(
        verdict, "id", "cut", "HIT", seen=1, versions=1, age_ms=age_ms, written_in="", back_ms=None
    )


def _tally(*stale: Stale) -> Tally:
    tally = Tally()
    for each in stale:
        tally.note(each)
    return tally


def test_a_run_without_a_stale_read_keeps_every_promise() -> None:
    """Nothing seen, nothing broken."""
    assert report.is_kept(report.figures(Tally(), AtRest(1, 1, []), 1.0))


def test_a_late_read_breaks_no_promise() -> None:
    """It is counted, and allowed."""
    figures = report.figures(_tally(_stale(Verdict.LATE)), None, 1.0)

    assert 1 == figures["stale_reads"]
    assert report.is_kept(figures)


def test_each_kind_of_fault_in_the_answers_breaks_a_promise() -> None:
    """A stale read, a late one past its time, an entry stale at rest, an unexpected status."""
    failing = Tally()
    failing.unexpected["calm", "read", 500] += 1
    runs = [
        report.figures(_tally(_stale(Verdict.BROKEN)), None, 1.0),
        report.figures(_tally(_stale(Verdict.OVERDUE)), None, 1.0),
        report.figures(Tally(), AtRest(1, 1, ["id"]), 1.0),
        report.figures(failing, None, 1.0),
    ]

    assert [False] * 4 == [report.is_kept(figures) for figures in runs]


def test_the_worst_examples_are_kept() -> None:
    """Many late reads do not crowd out the one that broke a promise, nor when tallies are added."""
    many = _tally(*[_stale(Verdict.LATE, age) for age in range(EXAMPLES_KEPT * 2)])
    many.add(_tally(_stale(Verdict.BROKEN)))

    assert Verdict.BROKEN == many.stale[0].verdict
    assert EXAMPLES_KEPT == len(many.stale)
    assert EXAMPLES_KEPT * 2 + 1 == many.stale_reads()


def test_quantiles_are_in_milliseconds() -> None:
    """Of 1 to 100 ms: the median, the 99th hundredth, the longest."""
    assert {"p50": 51.0, "p99": 100.0, "max": 100.0} == report.quantiles(
        n / 1000 for n in range(1, 101)
    )


def test_the_text_names_what_was_broken() -> None:
    """Who reads the table sees the verdict, and an example."""
    text = report.text(report.figures(_tally(_stale(Verdict.BROKEN)), None, 1.0))

    assert "1 promise 1: stale reads" in text
    assert "A promise was broken." in text
