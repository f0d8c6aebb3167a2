"""GET /products, page by page."""

import json

import pytest

from tests.doubles.api import Api


def test_an_empty_catalog_is_an_empty_list(api: Api) -> None:
    """200, no items, no next page."""
    answer = api.get("/products")

    assert (200, {"items": [], "next_cursor": None}) == (answer.status, answer.json)
    assert "link" not in answer.headers


def test_the_items_are_those_of_single_reads(api: Api) -> None:
    """A product in a list looks as it does alone."""
    path, created = api.create(category="toys")

    assert [created.json] == api.get("/products").json["items"]
    assert created.json == api.get(path).json


def _visit(api: Api, path: str) -> list[list[str]]:
    pages = []
    while path:
        answer = api.get(path)
        pages.append([item["id"] for item in answer.json["items"]])
        cursor = answer.json["next_cursor"]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert bool(path) == (cursor is not None)
        assert cursor is None or cursor in path
    return pages


@pytest.mark.parametrize("limit", [1, 3, 5, 100])
def test_following_the_link_visits_every_product_once(api: Api, limit: int) -> None:
    """Link and next_cursor lead the same way, keep the limit, and end."""
    made = {api.create()[1].json["id"] for _ in range(5)}

    pages = _visit(api, f"/products?limit={limit}")

    assert sorted(made) == sorted(product_id for page in pages for product_id in page)
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_has_twenty_unless_told(api: Api) -> None:
    """The default limit."""
    for _ in range(21):
        api.create()

    assert [20, 1] == [len(page) for page in _visit(api, "/products")]


def test_the_link_says_that_it_is_the_next(api: Api) -> None:
    """The header has the form of RFC 8288."""
    api.create()
    api.create()

    answer = api.get("/products?limit=1")

    assert answer.headers["link"].endswith('>; rel="next"')
    assert answer.headers["link"].startswith("</products?")


@pytest.mark.parametrize("cursor", ["", "x", "%00", "%F0%9F%90%AD", "%ff", "a" * 3000, "bnVsbA"])
def test_a_cursor_that_is_not_ours_is_refused(api: Api, cursor: str) -> None:
    """400, never a wrong page."""
    answer = api.get(f"/products?cursor={cursor}")

    assert 400 == answer.status, answer
    assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={limit}", "limit") for limit in ("0", "101", "-1", "x", "1.0", "", "1e1")),
        ("limit=1&limit=2", "limit"),
        ("page=2", "page"),
        ("limit=5&Limit=5", "Limit"),
        ("%00=1", "\0"),
    ],
)  # fmt: skip
def test_a_parameter_at_fault_is_named(api: Api, query: str, field: str) -> None:
    """422, and `errors` says which parameter it is."""
    answer = api.get(f"/products?{query}")

    assert 422 == answer.status, answer
    assert [field] in [error["loc"] for error in answer.json["errors"]]


def test_all_parameters_at_fault_are_named_at_once(api: Api) -> None:
    """Who mends a query need not try again for each."""
    answer = api.get("/products?limit=0&page=2")

    assert [["limit"], ["page"]] == sorted(error["loc"] for error in answer.json["errors"])


@pytest.mark.parametrize("unknown", [20, 21, 8_000])
def test_at_most_20_parameters_are_listed(api: Api, unknown: int) -> None:
    """`error_count` counts the others, and the answer stays short."""
    answer = api.get("/products?" + "&".join(f"field-{n}=1" for n in range(unknown)))

    assert (422, 20, unknown) == (
        answer.status,
        len(answer.json["errors"]),
        answer.json["error_count"],
    )
    assert len(answer.body) < 5_000


def test_a_list_shows_the_last_write(api: Api) -> None:
    """Pages are never cached."""
    path, _ = api.create()
    api.get("/products")
    api.patch(path, {"name": "Ball"})
    assert "Ball" == api.get("/products").json["items"][0]["name"]

    api.delete(path)
    assert [] == api.get("/products").json["items"]


def test_head_is_get_without_the_body(api: Api) -> None:
    """Also of a list."""
    answer = api.send("HEAD", "/products")

    assert (200, b"") == (answer.status, answer.body)


def test_large_products_make_short_pages_not_lost_ones(api: Api) -> None:
    """1 MB ends a page before its limit does; the next one goes on."""
    made = {api.create(description="日" * 10_000)[1].json["id"] for _ in range(60)}

    pages = _visit(api, "/products?limit=100")

    assert sorted(made) == sorted(product_id for page in pages for product_id in page)
    assert all(len(json.dumps(page)) < 6_000_000 for page in pages)
