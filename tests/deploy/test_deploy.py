"""Deployed to an emulated AWS: the API through API Gateway, and who may call it."""

from __future__ import annotations

import pytest

from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import ORIGIN, Site


@pytest.fixture(scope="module")
def stranger(site: Site) -> Caller:
    """Return a caller without credentials."""
    return Caller(site)


def test_a_product_is_created_read_changed_and_deleted(shop: Caller) -> None:
    """The whole life of a product, with the headers and problems that the contract promises."""
    made = shop.ask("POST", "/products", MOUSE)
    path = f"/products/{made.json['id']}"

    assert (201, MOUSE | {"id": made.json["id"]}) == (made.status, made.json)
    assert f"/api{path}" == made.headers["Location"]
    bad = shop.ask("POST", "/products", MOUSE | {"price": -1})
    assert (422, True) == (bad.status, bad.is_problem)

    read = shop.ask("GET", path)
    assert (200, made.json, "MISS") == (read.status, read.json, read.headers["X-Cache"])
    assert made.headers["ETag"] == read.headers["ETag"]
    assert {"Last-Modified", "Server-Timing", "X-Request-Id"} <= set(read.headers)
    assert "HIT" == shop.ask("GET", path).headers["X-Cache"]
    assert 304 == shop.ask("GET", path, headers={"If-None-Match": read.headers["ETag"]}).status
    head = shop.ask("HEAD", path)
    assert (200, b"") == (head.status, head.body)

    for method, price in (("PUT", 19.99), ("PATCH", 17.5)):
        changed = shop.ask(method, path, {"price": price})
        assert (200, price) == (changed.status, changed.json["price"])
        assert changed.json == shop.ask("GET", path).json
    stale = shop.ask("PUT", path, {}, {"If-Match": read.headers["ETag"]})
    assert (412, True) == (stale.status, stale.is_problem)

    assert (204, b"") == shop.ask("DELETE", path)[::2]
    assert (404, True) == (shop.ask("GET", path).status, shop.ask("GET", path).is_problem)


def test_products_are_listed_by_page_by_category_and_by_ids(shop: Caller) -> None:
    """Each listing reads the table in another way: Scan, Query of the index, BatchGetItem."""
    made = [shop.create(category="lamps", price=price) for price in (3.5, 1.25, 2)]
    cheapest = sorted(made, key=lambda product: product["price"])

    first = shop.ask("GET", "/products?category=lamps&limit=2&sort=price").json
    rest = shop.ask("GET", f"/products?category=lamps&limit=2&cursor={first['next_cursor']}")
    assert cheapest == first["items"] + rest.json["items"]

    ids = ",".join(product["id"] for product in made)
    assert made == shop.ask("GET", f"/products?ids={ids}").json["items"]

    page = shop.ask("GET", "/products?limit=1")
    assert 1 == len(page.json["items"])
    assert 'rel="next"' in page.headers["Link"]


def test_strangers_read_and_do_not_write(shop: Caller, stranger: Caller) -> None:
    """
    Writes must be signed. A refusal is a problem with CORS headers.

    API Gateway refuses an unknown path in the same way.
    """
    path = f"/products/{shop.create()['id']}"

    assert 200 == stranger.ask("GET", path).status
    health = stranger.ask("GET", "/health").json
    assert ("healthy", "connected") == (health["status"], health["redis"])
    writes = (("POST", "/products"), ("PUT", path), ("PATCH", path), ("DELETE", path))
    for method, where in (*writes, ("GET", "/nothing")):
        refused = stranger.ask(method, where, None if method == "GET" else MOUSE)
        assert (403, True) == (refused.status, refused.is_problem)
        assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
        assert refused.headers["X-Request-Id"]
    assert 200 == shop.ask("GET", path).status


def test_a_user_without_the_permission_does_not_write(site: Site, shop: Caller) -> None:
    """A signature needs execute-api:Invoke. (On AWS the refusal is a problem, here it is not.)"""
    unauthorized = site.caller("unauthorized")

    assert 403 == unauthorized.ask("POST", "/products", MOUSE).status
    assert 403 == unauthorized.ask("DELETE", f"/products/{shop.create()['id']}").status
