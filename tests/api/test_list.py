"""GET /products, with pages."""

import pytest

from tests.doubles.api import ApiClient


def test_an_empty_catalog_is_an_empty_list(api: ApiClient) -> None:
    """200, no items, no next page."""
    answer = api.get("/products")

    assert (200, {"items": [], "next_cursor": None}) == (answer.status, answer.json)
    assert "link" not in answer.headers


def test_items_equal_those_of_single_reads(api: ApiClient) -> None:
    path, created = api.create(category="toys")

    assert [created.json] == api.get("/products").json["items"]
    assert created.json == api.get(path).json


def _visit(api: ApiClient, path: str) -> list[list[str]]:
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
def test_following_the_link_visits_every_product_once(api: ApiClient, limit: int) -> None:
    """`Link` and `next_cursor` have the same cursor, keep the limit, and end."""
    made = {api.create()[1].json["id"] for _ in range(5)}

    pages = _visit(api, f"/products?limit={limit}")

    assert sorted(made) == sorted(product_id for page in pages for product_id in page)
    assert all(len(page) == limit for page in pages[:-1])


def test_a_page_has_twenty_products_by_default(api: ApiClient) -> None:
    for _ in range(21):
        api.create()

    assert [20, 1] == [len(page) for page in _visit(api, "/products")]


def test_the_link_names_the_next_page(api: ApiClient) -> None:
    """The header has the form of RFC 8288."""
    api.create()
    api.create()

    answer = api.get("/products?limit=1")

    assert answer.headers["link"].endswith('>; rel="next"')
    assert answer.headers["link"].startswith("</products?")


@pytest.mark.parametrize("cursor", ["", "x", "%00", "%F0%9F%90%AD", "%ff", "a" * 3000, "bnVsbA"])
def test_an_invalid_cursor_is_a_400(api: ApiClient, cursor: str) -> None:
    """A wrong page is never returned."""
    answer = api.get(f"/products?cursor={cursor}")

    assert 400 == answer.status, answer
    assert "application/problem+json" == answer.headers["content-type"]


def test_all_invalid_parameters_are_named(api: ApiClient) -> None:
    answer = api.get("/products?limit=0&page=2")

    assert [["limit"], ["page"]] == sorted(error["loc"] for error in answer.json["errors"])


@pytest.mark.parametrize("unknown", [20, 21, 8_000])
def test_at_most_20_invalid_parameters_are_listed(api: ApiClient, unknown: int) -> None:
    """`error_count` is the total. The response stays short."""
    answer = api.get("/products?" + "&".join(f"field-{n}=1" for n in range(unknown)))

    assert (422, 20, unknown) == (
        answer.status,
        len(answer.json["errors"]),
        answer.json["error_count"],
    )
    assert len(answer.body) < 5_000


def test_a_list_shows_the_last_write(api: ApiClient) -> None:
    """Pages are not cached."""
    path, _ = api.create()
    api.get("/products")
    api.patch(path, {"name": "Ball"})
    assert "Ball" == api.get("/products").json["items"][0]["name"]

    api.delete(path)
    assert [] == api.get("/products").json["items"]


def test_head_is_get_without_the_body(api: ApiClient) -> None:
    """Also for a list."""
    answer = api.send("HEAD", "/products")

    assert (200, b"") == (answer.status, answer.body)
