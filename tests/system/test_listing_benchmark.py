"""The listing's benchmark, in small: the facts that it tells, and no time."""

from typing import Any

import pytest

from benchmarks.listing.run import Plan, run

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
