"""GET /products?category=…: which products, in which order, and how fresh."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.doubles.api import Answer, Api
from tests.doubles.recording import Table


def names(answer: Answer) -> list[str]:
    return [item["name"] for item in answer.json["items"]]


def stocked(api: Api, *prices: float, category: str = "mice") -> list[str]:
    """Make a product for each price, named by it; return their paths."""
    return [api.create(name=str(price), price=price, category=category)[0] for price in prices]


def index_of_mice(table: Table) -> Any:
    """Return what the index says now, to be said again when it should say something else."""
    return table.client.query(
        TableName=table.name,
        IndexName="category-price",
        KeyConditionExpression="category = :c",
        ExpressionAttributeValues={":c": {"S": "mice"}},
    )


def pages(api: Api, path: str) -> list[list[str]]:
    """Follow the links; return the names on each page."""
    seen = []
    while path:
        answer = api.get(path)
        assert 200 == answer.status, answer
        seen.append(names(answer))
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].lstrip("<")
    return seen


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("category=mice", ["1", "2.5", "7", "10"]),
        ("category=mice&sort=price", ["1", "2.5", "7", "10"]),
        ("category=mice&sort=-price", ["10", "7", "2.5", "1"]),
        ("category=mice&min_price=2.5", ["2.5", "7", "10"]),
        ("category=mice&max_price=7", ["1", "2.5", "7"]),
        ("category=mice&min_price=2.5&max_price=7.0", ["2.5", "7"]),
        ("category=mice&min_price=2.5&max_price=2.5", ["2.5"]),
        ("category=mice&min_price=10.0001", []),
        ("category=Mice", []),
    ],
)
def test_a_category_is_listed_by_price(api: Api, query: str, expected: list[str]) -> None:
    """Bounds are inclusive, prices are numbers and not text, and other categories stay out."""
    stocked(api, 7, 1, 10, 2.5)
    stocked(api, 3, category="keyboards")

    answer = api.get(f"/products?{query}")

    assert expected == names(answer)
    assert answer.json["next_cursor"] is None


def test_pages_of_a_category_visit_each_product_once(api: Api) -> None:
    """Products of one price are told apart by their ids; a full last page has no next one."""
    stocked(api, 5, 5, 5, 5, 1, 9)

    seen = pages(api, "/products?category=mice&limit=2&sort=-price")

    assert [["9", "5"], ["5", "5"], ["5", "1"]] == seen


def test_a_category_of_any_name_can_be_paged(api: Api) -> None:
    """The link's query is encoded, whatever the category."""
    category = "a/b & c=d? é😀%"
    stocked(api, 1, 2, category=category)

    assert [["1"], ["2"]] == pages(api, f"/products?category={quote(category)}&limit=1")


def test_a_category_shows_what_an_update_left(api: Api) -> None:
    """A product that has moved out of the query is not shown; one that stays is shown as it is."""
    cheap, dear = stocked(api, 1, 2)
    api.get("/products?category=mice")

    api.patch(cheap, {"category": "trackballs"})
    api.patch(dear, {"stock_quantity": 77})

    (item,) = api.get("/products?category=mice").json["items"]
    assert 77 == item["stock_quantity"]


def test_an_index_that_lags_shows_nothing_old(
    api: Api, moto_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the index still has a product at its old price, the page does not."""
    (path,) = stocked(api, 5)
    lagging = index_of_mice(moto_table)
    api.patch(path, {"price": 50})
    monkeypatch.setattr(moto_table.client, "query", lambda **_: lagging)

    assert [] == names(api.get("/products?category=mice&max_price=10"))


def test_a_page_of_hits_costs_one_query(api: Api, moto_table: Table) -> None:
    """A cached page is one Query of the index; no product is read from the table."""
    stocked(api, 1, 2, 3)
    api.get("/products?category=mice")

    with moto_table.calls() as asked:
        answer = api.get("/products?category=mice")

    assert ["1", "2", "3"] == names(answer)
    assert ["Query"] == asked


def test_prices_in_pages_are_exact(api: Api) -> None:
    """What a page shows of a price is what was sent, from the table and from the cache."""
    stocked(api, 9999999999.9999, 0.0001)

    for _ in range(2):
        answer = api.get("/products?category=mice")
        assert [0.0001, 9999999999.9999] == [item["price"] for item in answer.json["items"]]


BAD: list[tuple[str, str]] = [
    ("category=", "category"),
    (f"category={'x' * 101}", "category"),
    ("category=a&category=b", "category"),
    ("min_price=1", "min_price"),
    ("max_price=1", "max_price"),
    ("sort=price", "sort"),
    ("category=a&sort=name", "sort"),
    ("category=a&sort=", "sort"),
    ("category=a&min_price=-1", "min_price"),
    ("category=a&min_price=1e3", "min_price"),
    ("category=a&min_price=1.23456", "min_price"),
    ("category=a&max_price=12345678901", "max_price"),
    ("category=a&max_price=NaN", "max_price"),
    ("category=a&min_price=2&max_price=1", "min_price"),
    ("colour=red", "colour"),
    ("ids=", "ids"),
    ("ids=a,,b", "ids"),
    (f"ids={','.join('x' * 101)}", "ids"),
    ("ids=a&limit=1", "limit"),
]


@pytest.mark.parametrize(("query", "name"), BAD)
def test_a_query_at_fault_names_the_parameter(api: Api, query: str, name: str) -> None:
    """A typo is refused, never ignored."""
    answer = api.get(f"/products?{query}")

    assert 422 == answer.status
    assert [name] in [error["loc"] for error in answer.json["errors"]]


def test_a_cursor_belongs_to_its_query(api: Api) -> None:
    """Handed to another query, or changed, it is refused with 400."""
    stocked(api, 1, 2, 3)
    cursor: Any = api.get("/products?category=mice&limit=1").json["next_cursor"]

    for query in ("limit=1", "category=mice&limit=1&sort=-price", "category=rats&limit=1"):
        assert 400 == api.get(f"/products?{query}&cursor={cursor}").status
    assert 400 == api.get(f"/products?category=mice&cursor={cursor[:-2]}AA").status
    assert 200 == api.get(f"/products?category=mice&limit=2&cursor={cursor}").status


def test_equal_bounds_written_differently_are_one_query(api: Api) -> None:
    """A cursor fits the same query however its numbers are written."""
    stocked(api, 1, 2, 3)
    cursor = api.get("/products?category=mice&min_price=1&limit=1").json["next_cursor"]

    answer = api.get(f"/products?category=mice&min_price=1.0&limit=1&cursor={cursor}")

    assert ["2"] == names(answer)


def test_an_index_that_lags_does_not_spoil_the_order(
    api: Api, moto_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A product that has another price by now is left out, though it still fits the query."""
    stocked(api, 20, 30)
    (moved,) = stocked(api, 10)
    lagging = index_of_mice(moto_table)
    api.patch(moved, {"price": 50})
    monkeypatch.setattr(moto_table.client, "query", lambda **_: lagging)

    assert ["20", "30"] == names(api.get("/products?category=mice"))
