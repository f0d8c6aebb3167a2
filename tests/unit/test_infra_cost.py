"""What a month costs, by figures that can be checked by hand."""

import math
import re
from pathlib import Path

import pytest

from chalicelib.telemetry import metrics
from dev import cost
from dev.cost import PRICES, Usage, bill, break_even
from dev.deploy import templates

_DOCUMENT = (Path(__file__).parents[2] / "docs" / "cost.md").read_text("utf-8")
_USAGE = Usage(reads=10e6, writes=1e6, hits=0.9, kilobytes=1.0, products=100e3)


def test_a_month_without_a_cache_is_the_prices_times_the_usage() -> None:
    """10 million reads of 1 KB are as many units; a write is two, its index's included."""
    costs = bill(_USAGE._replace(cache="none"))

    assert costs["DynamoDB"] == pytest.approx(10 * 0.125 + 2 * 0.625 + 0.1 * 0.45)
    assert costs["API Gateway"] == pytest.approx(11 * 3.50)
    assert 0 == costs["ElastiCache"]


def test_hits_are_not_dynamodbs_to_answer() -> None:
    """Nine reads in ten answered by Redis leave one to pay."""
    saved = bill(_USAGE._replace(cache="none"))["DynamoDB"] - bill(_USAGE)["DynamoDB"]

    assert saved == pytest.approx(9 * 0.125)


def test_a_consistent_read_is_paid_by_4_kb() -> None:
    """A product of 4.1 KB costs two units."""
    small, large = (
        bill(_USAGE._replace(cache="none", writes=0.0, products=0.0, kilobytes=kilobytes))
        for kilobytes in (4.0, 4.1)
    )

    assert 2 * small["DynamoDB"] == pytest.approx(large["DynamoDB"])


@pytest.mark.parametrize("cache", ["serverless", "nodes"])
def test_at_the_break_even_both_ways_cost_the_same(cache: str) -> None:
    """Above it the cache is the cheaper way, below it the dearer."""
    usage = _USAGE._replace(cache=cache)
    reads = break_even(usage)

    for factor, is_cheaper in ((0.9, False), (1.1, True)):
        there = usage._replace(reads=reads * factor)
        without = sum(bill(there._replace(cache="none")).values())
        assert is_cheaper == (sum(bill(there).values()) < without)


def test_a_cache_without_hits_never_pays() -> None:
    """Each miss asks Redis too."""
    assert math.inf == break_even(_USAGE._replace(hits=0.0))


def test_as_many_alarms_and_metrics_are_paid_for_as_there_are() -> None:
    """Each one that is added has its price."""
    resources = templates.app()["Resources"].values()
    alarms = [each for each in resources if each.get("Type") == "AWS::CloudWatch::Alarm"]

    assert (cost._ALARMS, cost._METRICS) == (len(alarms), len(metrics.UNITS))


def test_every_price_has_a_source() -> None:
    """The document names where each is from, by the same name."""
    assert set(PRICES) == set(re.findall(r"(?m)^\| (\w[^|]+, an? [^|]+) \|", _DOCUMENT))


def test_the_document_tells_what_the_calculator_does() -> None:
    """Its first table and its break-even are the calculator's."""
    for usage in (_USAGE, _USAGE._replace(cache="none")):
        assert f"**{sum(bill(usage).values()):.2f}**" in _DOCUMENT
    assert f"about {break_even(_USAGE) / 1e6:.0f} million reads" in _DOCUMENT
