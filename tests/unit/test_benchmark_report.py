"""The benchmark's arithmetic and its tables; no time is measured here."""

import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks import report
from benchmarks.__main__ import DOCS, DOCUMENTS, RESULTS
from benchmarks.charts import Bar, Line, bars, lines
from benchmarks.pictures import pictures
from benchmarks.samples import Samples, percentile, quartiles, spread
from benchmarks.targets import Target


def test_quartiles_part_the_values_in_four() -> None:
    """A quarter, a half and three quarters of the values are at most these."""
    assert (2, 3, 4) == quartiles([5, 1, 4, 2, 3])
    assert (7, 7, 7) == quartiles([7])


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent: int, value: int) -> None:
    """No value is made up between two."""
    assert value == percentile(list(range(100, 0, -1)), percent)


def test_a_ratio_is_taken_round_by_round() -> None:
    """A round in which the machine was slow is slow for both, and leaves the ratio alone."""
    samples = Samples()
    for slowness in (1, 10, 2):
        samples.add("ours", [0.003 * slowness])
        samples.add("theirs", [0.001 * slowness, 0.002 * slowness, 0.003 * slowness])

    assert {"median": 1.5, "q1": 1.5, "q3": 1.5} == pytest.approx(samples.ratio("ours", "theirs"))


def test_times_are_told_in_milliseconds_of_median_rounds() -> None:
    """The median of the rounds' medians, and the slowest of all samples."""
    samples = Samples()
    samples.add("ours", [0.001, 0.002, 0.009])
    samples.add("ours", [0.004])

    told = samples.summary()["ours"]

    assert (3.0, 9.0, 4) == (told["median"], told["p99"], told["samples"])


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(1.35, False, True), (1.36, False, False), (2.9, True, False)]
)
def test_a_target_is_met_or_missed(value: float, *, at_least: bool, met: bool) -> None:
    """By the median of its rounds."""
    bound = 3 if at_least else 1.35

    assert met == Target("hit", spread([value]), bound, at_least=at_least).told()["met"]


def test_a_marked_place_is_made_anew_and_the_rest_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The markers stay, so that the next run finds them."""
    monkeypatch.setitem(report.TABLES, "some", lambda figures: f"{figures['n']}\n")
    document = "before\n<!-- bench:some -->\nold\n<!-- /bench -->\nafter"

    once = report.filled(document, {"n": 1})

    assert "before\n<!-- bench:some -->\n2\n<!-- /bench -->\nafter" == report.filled(once, {"n": 2})


def test_charts_are_well_formed_and_follow_the_reader_s_scheme() -> None:
    """Whatever a label holds."""
    of = Bar("a < b & c", "ours", 2.0, 1.5, 2.5)
    line = Line("a < b", "peer0", [(10, 1.0), (100, 3.0)])

    for picture in (bars("t & t", [("hit", [of])]), lines("t", "keys", [line, line])):
        ET.fromstring(picture)  # noqa: S314 — our own
        assert "prefers-color-scheme: dark" in picture


def test_every_document_shows_the_figures_that_are_kept() -> None:
    """Tables and charts are those of `results/latest.json`: none was written by hand."""
    figures = json.loads(RESULTS.read_text(encoding="utf-8"))

    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert "<!-- bench:" in text
        assert report.filled(text, figures) == text
    for name, picture in pictures(figures).items():
        assert picture == (DOCS / name).read_text(encoding="utf-8")
