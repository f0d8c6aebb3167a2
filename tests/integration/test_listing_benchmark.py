"""The listing's benchmark, in small: the facts that it tells, and no time."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.listing import catalogue, report
from benchmarks.listing.pages import Page
from benchmarks.listing.run import Plan, account, is_as_promised, run

PLAN = Plan(products=500, limit=10, ends=2, rounds=2)


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Run it once, on a stack of its own."""
    return run(PLAN)


def test_all_products_are_visited_by_cursor_once(figures: dict[str, Any]) -> None:
    """Fifty pages, none of which shows what another has shown."""
    walk = figures["walks"]["all products"]

    assert (500, 500) == (walk["expected"], walk["visited"])
    assert (0, 0, 0) == (walk["twice"], walk["missing"], walk["foreign"])
    assert {"Scan 11": 49, "Scan 10": 1} == walk["reads"]


def test_a_category_is_visited_by_price_once(figures: dict[str, Any]) -> None:
    """The products between two prices, cheapest first, also where a page ends amid one price."""
    walk = figures["walks"]["category"]

    assert 40 < walk["expected"] == walk["visited"]
    assert (0, 0, 0) == (walk["twice"], walk["missing"], walk["foreign"])
    assert walk["in_order"]


@pytest.mark.parametrize(
    ("listing", "reads"),
    [
        ("category, not cached", "Query 11 + BatchGetItem 10"),
        ("category, cached", "Query 11"),
        ("all products", "Scan 11"),
    ],
)
def test_the_last_pages_read_what_the_first_ones_do(
    figures: dict[str, Any], listing: str, reads: str
) -> None:
    """The page and one item more, by the same calls: a page's place costs nothing."""
    pages = figures["pages"][listing]

    assert {reads: 4} == pages["first"]["reads"] == pages["last"]["reads"]


def test_each_part_of_the_time_is_told(figures: dict[str, Any]) -> None:
    """Our own part and DynamoDB's are apart, so that the emulator's time is not taken for ours."""
    first = figures["pages"]["category, not cached"]["first"]

    assert 0 < first["dynamodb"] < first["whole"]
    assert 0 < first["own"] < first["whole"]
    assert "11 + BatchGetItem 10" in report.text(figures)


def test_a_walk_is_held_to_what_was_stored() -> None:
    """What pages show twice, leave out, or have from elsewhere is counted."""
    pages = [
        Page("/products", ids, [], None, request_id, 0.0, 0.0)
        for request_id, ids in {"1": ["a", "b"], "2": ["b", "x"]}.items()
    ]

    told = account(pages, {"a", "b", "c", "d"}, {"1": "Scan 2", "2": "Scan 2"})

    assert (4, 4) == (told["expected"], told["visited"])
    assert (1, 2, 1) == (told["twice"], told["missing"], told["foreign"])
    assert {"Scan 2": 2} == told["reads"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda figures: figures["walks"]["all products"].update(missing=1),
        lambda figures: figures["walks"]["category"].update(twice=1),
        lambda figures: figures["walks"]["category"].update(in_order=False),
        lambda figures: figures["pages"]["all products"]["last"].update(reads={"Scan 500": 4}),
    ],
)
def test_what_is_not_as_promised_is_found_out(
    figures: dict[str, Any], spoil: Callable[[dict[str, Any]], None]
) -> None:
    """A product missed, one seen twice, a wrong order, a page that reads more: each one tells."""
    spoilt = copy.deepcopy(figures)
    assert is_as_promised(spoilt)

    spoil(spoilt)

    assert not is_as_promised(spoilt)


def test_the_same_seed_gives_the_same_catalogue() -> None:
    """Figures of two runs are of the same products; a smaller catalogue begins a larger one."""
    assert catalogue.generate(20, seed=1) == catalogue.generate(30, seed=1)[:20]
    assert catalogue.generate(20, seed=1) != catalogue.generate(20, seed=2)
