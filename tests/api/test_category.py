"""GET /products?category=…: products, order and freshness."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.recording import RecordingTable


def names(answer: ApiResponse) -> list[str]:
    return [item["name"] for item in answer.json["items"]]


def create_with_prices(api: ApiClient, *prices: float, category: str = "mice") -> list[str]:
    """Create a product for each price, named by it; return their paths."""
    return [api.create(name=str(price), price=price, category=category)[0] for price in prices]


def index_response(table: RecordingTable) -> Any:
    """Return the index's current response, to replay it later."""
    return table.client.query(
        TableName=table.name,
        IndexName="category-price",
        KeyConditionExpression="category = :c",
        ExpressionAttributeValues={":c": {"S": "mice"}},
    )


def pages(api: ApiClient, path: str) -> list[list[str]]:
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
def test_a_category_is_listed_by_price(api: ApiClient, query: str, expected: list[str]) -> None:
    """Bounds are inclusive, prices compare as numbers, and other categories are left out."""
    create_with_prices(api, 7, 1, 10, 2.5)
    create_with_prices(api, 3, category="keyboards")

    answer = api.get(f"/products?{query}")

    assert expected == names(answer)
    assert answer.json["next_cursor"] is None


def test_pages_of_a_category_visit_each_product_once(api: ApiClient) -> None:
    """Products with the same price are ordered by id. A full last page has no next page."""
    create_with_prices(api, 5, 5, 5, 5, 1, 9)

    seen = pages(api, "/products?category=mice&limit=2&sort=-price")

    assert [["9", "5"], ["5", "5"], ["5", "1"]] == seen


def test_a_category_of_any_name_can_be_paged(api: ApiClient) -> None:
    """The link's query is percent-encoded."""
    category = "a/b & c=d? é😀%"
    create_with_prices(api, 1, 2, category=category)

    assert [["1"], ["2"]] == pages(api, f"/products?category={quote(category)}&limit=1")


def test_a_category_shows_updates(api: ApiClient) -> None:
    """A product that left the category is not listed; other products are listed as updated."""
    cheap, dear = create_with_prices(api, 1, 2)
    api.get("/products?category=mice")

    api.patch(cheap, {"category": "trackballs"})
    api.patch(dear, {"stock_quantity": 77})

    (item,) = api.get("/products?category=mice").json["items"]
    assert 77 == item["stock_quantity"]


def test_a_page_of_hits_costs_one_query(api: ApiClient, moto_table: RecordingTable) -> None:
    """A cached page is one Query of the index and no read of the table."""
    create_with_prices(api, 1, 2, 3)
    api.get("/products?category=mice")

    with moto_table.calls() as calls:
        answer = api.get("/products?category=mice")

    assert ["1", "2", "3"] == names(answer)
    assert ["Query"] == calls


def test_prices_in_pages_are_exact(api: ApiClient) -> None:
    """Pages return the stored price from the table and from the cache."""
    create_with_prices(api, 9999999999.9999, 0.0001)

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
    *((f"limit={limit}", "limit") for limit in ("0", "101", "-1", "x", "1.0", "", "1e1")),
    ("limit=1&limit=2", "limit"),
    ("page=2", "page"),
    ("limit=5&Limit=5", "Limit"),
    ("%00=1", "\0"),
]


@pytest.mark.parametrize(("query", "name"), BAD)
def test_an_invalid_query_names_the_parameter(api: ApiClient, query: str, name: str) -> None:
    """Unknown parameters are refused, not ignored."""
    answer = api.get(f"/products?{query}")

    assert 422 == answer.status
    assert [name] in [error["loc"] for error in answer.json["errors"]]


def test_a_cursor_belongs_to_its_query(api: ApiClient) -> None:
    """With another query, or changed, a cursor gets a 400."""
    create_with_prices(api, 1, 2, 3)
    cursor: Any = api.get("/products?category=mice&limit=1").json["next_cursor"]

    for query in ("limit=1", "category=mice&limit=1&sort=-price", "category=rats&limit=1"):
        assert 400 == api.get(f"/products?{query}&cursor={cursor}").status
    assert 400 == api.get(f"/products?category=mice&cursor={cursor[:-2]}AA").status
    assert 200 == api.get(f"/products?category=mice&limit=2&cursor={cursor}").status


def test_a_cursor_accepts_equal_bounds_in_another_form(api: ApiClient) -> None:
    """1 and 1.0 are the same bound."""
    create_with_prices(api, 1, 2, 3)
    cursor = api.get("/products?category=mice&min_price=1&limit=1").json["next_cursor"]

    answer = api.get(f"/products?category=mice&min_price=1.0&limit=1&cursor={cursor}")

    assert ["2"] == names(answer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("category=mice&max_price=10", []), ("category=mice", ["20", "30"])],
)
def test_a_stale_index_shows_no_old_price(
    api: ApiClient,
    moto_table: RecordingTable,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    expected: list[str],
) -> None:
    """A product with a new price is omitted, even if it still matches: the order stays."""
    (moved,) = create_with_prices(api, 10)
    create_with_prices(api, *map(int, expected))
    lagging = index_response(moto_table)
    api.patch(moved, {"price": 50})
    monkeypatch.setattr(moto_table.client, "query", lambda **_: lagging)

    assert expected == names(api.get(f"/products?{query}"))
