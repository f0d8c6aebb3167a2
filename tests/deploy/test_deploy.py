"""Really deployed, to an emulated AWS: each endpoint through API Gateway, and who may call it."""

from __future__ import annotations

import pytest

from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import ORIGIN, Site


@pytest.fixture(scope="module")
def stranger(site: Site) -> Caller:
    """Return who signs nothing."""
    return Caller(site)


def test_a_product_is_made_read_changed_and_deleted(shop: Caller) -> None:
    """The whole life of a product, with the headers that the contract promises."""
    made = shop.ask("POST", "/products", MOUSE)
    path = f"/products/{made.json['id']}"

    assert (201, MOUSE | {"id": made.json["id"]}) == (made.status, made.json)
    assert f"/api{path}" == made.headers["Location"]

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
    """Each listing asks the table in another way: Scan, the index, BatchGetItem."""
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


def test_a_repeated_post_makes_one_product(shop: Caller) -> None:
    """The same key with the same body is the same product; with another body it is refused."""
    key = {"Idempotency-Key": "order-1"}
    first, again = (shop.ask("POST", "/products", MOUSE, key) for _ in range(2))

    assert first.json == again.json
    assert 422 == shop.ask("POST", "/products", MOUSE | {"price": 1}, key).status


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (422, MOUSE | {"price": -1}, {}),
        (400, b"{", {}),
        (415, MOUSE, {"Content-Type": "text/plain"}),
    ],
)
def test_a_bad_request_is_a_problem(
    shop: Caller, status: int, body: object, headers: dict[str, str]
) -> None:
    """API Gateway passes refusals on as they are."""
    answer = shop.ask("POST", "/products", body, headers)

    assert (status, True) == (answer.status, answer.is_problem)


@pytest.mark.parametrize(
    "path", ["/", "/health", "/openapi.json", "/docs", "/redoc", "/assets/docs.js"]
)
def test_health_and_documentation_are_open_to_all(stranger: Caller, path: str) -> None:
    """Who signs nothing may know how we are, and read how to call us."""
    answer = stranger.ask("GET", path)

    assert 200 == answer.status
    if path == "/health":
        assert ("healthy", "connected") == (answer.json["status"], answer.json["redis"])


def test_strangers_read_and_do_not_write(shop: Caller, stranger: Caller) -> None:
    """Writes are signed; who signs nothing is told so by a problem, with CORS."""
    path = f"/products/{shop.create()['id']}"

    assert 200 == stranger.ask("GET", path).status
    for method, where in (("POST", "/products"), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        refused = stranger.ask(method, where, MOUSE)
        assert (403, True) == (refused.status, refused.is_problem)
        assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
        assert refused.headers["X-Request-Id"]
    assert 200 == shop.ask("GET", path).status


def test_who_signs_and_is_not_allowed_does_not_write(site: Site, shop: Caller) -> None:
    """A known user needs execute-api:Invoke. (The emulator's answer is no problem, AWS's is.)"""
    nobody = site.caller("nobody")

    assert 403 == nobody.ask("POST", "/products", MOUSE).status
    assert 403 == nobody.ask("DELETE", f"/products/{shop.create()['id']}").status


def test_a_path_that_is_not_there_is_the_gateways_to_refuse(stranger: Caller) -> None:
    """API Gateway does not tell an unknown path from a missing signature; nor can its answer."""
    refused = stranger.ask("GET", "/nothing")

    assert (403, True) == (refused.status, refused.is_problem)
