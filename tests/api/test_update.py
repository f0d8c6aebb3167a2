"""PUT, PATCH and DELETE /products/{id}: what changes, what stays, preconditions."""

import pytest

from tests.doubles.api import ApiClient
from tests.examples import SOME_ID, a_body

CHANGES = {"name": "Ball", "price": 9.5, "stock_quantity": 0, "category": "toys"}


@pytest.fixture(params=["PUT", "PATCH"])
def verb(request: pytest.FixtureRequest) -> str:
    """PUT and PATCH both accept any subset of the fields."""
    return request.param


@pytest.mark.parametrize("changes", [{name: CHANGES[name]} for name in CHANGES] + [CHANGES])
def test_an_update_changes_only_the_given_fields(
    api: ApiClient, verb: str, changes: dict[str, object]
) -> None:
    """200 with the new product and a new tag, as in the next read."""
    path, created = api.create(**a_body())

    answer = api.send(verb, path, changes)

    assert 200 == answer.status, answer
    assert {**created.json, **changes} == answer.json
    assert created.headers["etag"] != answer.headers["etag"]
    read = api.get(path)
    assert (answer.body, answer.headers["etag"]) == (read.body, read.headers["etag"])


def test_an_update_deletes_the_cached_product(api: ApiClient, verb: str) -> None:
    """The next reads are a miss and a hit, both with the new name."""
    path, _ = api.create()
    assert ["MISS", "HIT"] == [api.get(path).headers["x-cache"] for _ in range(2)]

    api.send(verb, path, {"name": "Ball"})

    after = [api.get(path) for _ in range(2)]
    assert [("MISS", "Ball"), ("HIT", "Ball")] == [
        (each.headers["x-cache"], each.json["name"]) for each in after
    ]


def test_null_removes_the_category(api: ApiClient, verb: str) -> None:
    """Only the category may be null."""
    path, _ = api.create(category="toys")

    assert "category" not in api.send(verb, path, {"category": None}).json
    assert "category" not in api.get(path).json


def test_an_empty_update_changes_nothing(api: ApiClient, verb: str) -> None:
    """`{}` returns the product at its version, and keeps the entry."""
    path, created = api.create()
    api.get(path)

    answer = api.send(verb, path, {})

    assert (200, created.body) == (answer.status, answer.body)
    assert created.headers["etag"] == answer.headers["etag"]
    assert "HIT" == api.get(path).headers["x-cache"]


@pytest.mark.parametrize("changes", [{"name": "Ball"}, {}])
@pytest.mark.parametrize("name", [SOME_ID, "abc", "%ff"])
def test_an_update_of_a_missing_product_is_a_404(
    api: ApiClient, verb: str, changes: dict[str, str], name: str
) -> None:
    """No product is created."""
    assert 404 == api.send(verb, f"/products/{name}", changes).status
    assert 404 == api.get(f"/products/{name}").status


def test_a_deleted_product_is_a_404(api: ApiClient) -> None:
    """204 without a body, then 404, although it was cached."""
    path, _ = api.create()
    api.get(path)

    answer = api.delete(path)

    assert (204, b"") == (answer.status, answer.body)
    assert "content-type" not in answer.headers
    assert ["MISS", "HIT"] == [api.get(path).headers["x-cache"] for _ in range(2)]
    assert 404 == api.get(path).status
    assert 404 == api.delete(path).status


@pytest.mark.parametrize("name", [SOME_ID, "abc", "%ff"])
def test_a_deletion_of_a_missing_product_is_a_404(api: ApiClient, name: str) -> None:
    """With or without a condition."""
    assert 404 == api.delete(f"/products/{name}").status
    assert 404 == api.delete(f"/products/{name}", If_Match='"1"').status
