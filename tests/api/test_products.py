"""A product over HTTP, from the first write to the stream. To be copied for each resource."""

from types import ModuleType
from typing import Any

import pytest

from chalicelib.resources import PRODUCTS
from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.recording import RecordingFakeRedis
from tests.examples import SOME_ID, stream_arn

PATH = f"/{PRODUCTS.name}"
DRAFT = {"name": "Mouse", "description": "Small", "price": 24.99, "stock_quantity": 1}
OPTIONAL = {"category": "accessories"}
CHANGES = {"price": 19.5}
INVALID = [
    ("name", ""),
    ("description", 5),
    ("price", 0),
    ("stock_quantity", 1.5),
    ("color", "red"),
]
GROUP, OTHER_GROUP = ({"category": name} for name in ("accessories", "kitchen"))
NUMBERS = [3, 1, 4, 2]


@pytest.fixture
def created(api: ApiClient) -> ApiResponse:
    """Create a product with every field."""
    answer = api.post(PATH, DRAFT | OPTIONAL)
    assert 201 == answer.status, answer
    return answer


def _query(api: ApiClient, **parameters: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    answer = api.get(f"{PATH}?{query}")
    assert 200 == answer.status, answer
    return answer.json["items"]


def test_a_new_product_is_returned_as_sent(api: ApiClient, created: ApiResponse) -> None:
    """With an id and its path; read twice, from the table and from the cache."""
    path = created.headers["location"]
    miss, hit = api.get(path), api.get(path)

    assert DRAFT | OPTIONAL == {k: v for k, v in created.json.items() if k != "id"}
    assert f"{PATH}/{created.json['id']}" == path
    assert ["MISS", "HIT"] == [read.headers["x-cache"] for read in (miss, hit)]
    assert created.body == miss.body == hit.body
    assert created.headers["etag"] == hit.headers["etag"]


def test_an_update_is_seen_by_the_next_read(api: ApiClient, created: ApiResponse) -> None:
    """Fields that are not named stay."""
    path = created.headers["location"]
    api.get(path)

    changed = api.patch(path, CHANGES, If_Match=created.headers["etag"])
    read = api.get(path)

    assert created.json | CHANGES == changed.json == read.json
    assert 412 == api.patch(path, CHANGES, If_Match=created.headers["etag"]).status


def test_null_removes_an_optional_field(api: ApiClient, created: ApiResponse) -> None:
    """The field is then left out."""
    changed = api.patch(created.headers["location"], dict.fromkeys(OPTIONAL))

    assert DRAFT == {k: v for k, v in changed.json.items() if k != "id"}


def test_a_deleted_product_is_not_found(api: ApiClient, created: ApiResponse) -> None:
    """Though it was cached."""
    path = created.headers["location"]
    api.get(path)

    assert 204 == api.delete(path).status
    assert 404 == api.get(path).status
    assert PRODUCTS.noun in api.get(path).json["detail"]


@pytest.mark.parametrize(("field", "value"), INVALID)
def test_an_invalid_field_is_named(api: ApiClient, field: str, value: object) -> None:
    """In a draft and in a change."""
    draft = api.post(PATH, DRAFT | {field: value})
    change = api.patch(f"{PATH}/{SOME_ID}", {field: value})

    for answer in (draft, change):
        assert 422 == answer.status
        assert [[field]] == [error["loc"] for error in answer.json["errors"]]


@pytest.mark.parametrize("field", DRAFT)
def test_a_required_field_must_be_given(api: ApiClient, field: str) -> None:
    """And it may not become null."""
    draft = {name: value for name, value in DRAFT.items() if name != field}

    assert 422 == api.post(PATH, draft).status
    assert 422 == api.patch(f"{PATH}/{SOME_ID}", {field: None}).status


def test_the_list_has_every_product(api: ApiClient, created: ApiResponse) -> None:
    """Page by page, and by ids."""
    other = api.post(PATH, DRAFT).json
    first = api.get(f"{PATH}?limit=1").json
    second = api.get(f"{PATH}?limit=1&cursor={first['next_cursor']}").json
    chosen = api.get(f"{PATH}?ids={other['id']},{SOME_ID}").json

    ids = {each["id"] for each in first["items"] + second["items"]}
    assert {created.json["id"], other["id"]} == ids
    assert ([other], [SOME_ID]) == (chosen["items"], chosen["missing"])


def test_the_index_lists_a_group_in_order(api: ApiClient) -> None:
    """Within inclusive bounds, up or down; items of another group are left out."""
    for number in NUMBERS:
        assert 201 == api.post(PATH, DRAFT | GROUP | {"price": number}).status
        assert 201 == api.post(PATH, DRAFT | OTHER_GROUP | {"price": number}).status

    listed = _query(api, **GROUP)
    within = _query(api, **GROUP, min_price=2, max_price=3, sort="-price")

    assert sorted(NUMBERS) == [each["price"] for each in listed]
    assert [3, 2] == [each["price"] for each in within]


@pytest.mark.parametrize("query", ["min_price=1", "sort=price", "category=", "color=red"])
def test_an_invalid_query_is_refused(api: ApiClient, query: str) -> None:
    """Bounds and order need a group; a typo is not ignored."""
    assert 422 == api.get(f"{PATH}?{query}").status


def test_a_retry_creates_one_product(api: ApiClient) -> None:
    """The same key with the same body."""
    first, second = (api.post(PATH, DRAFT, Idempotency_Key="order-17") for _ in range(2))

    assert first.json == second.json
    assert 422 == api.post(PATH, DRAFT | CHANGES, Idempotency_Key="order-17").status


def test_the_stream_deletes_the_entry(
    api: ApiClient, lambda_module: ModuleType, created: ApiResponse, fake_redis: RecordingFakeRedis
) -> None:
    """Of a product that was changed past the API, in its own table."""
    path, item_id = created.headers["location"], created.json["id"]
    key = f"{PRODUCTS.key_prefix}{item_id}"
    change = {"eventName": "MODIFY", "dynamodb": {"Keys": {"id": {"S": item_id}}}}
    api.get(path)
    assert fake_redis.exists(key)

    lambda_module.invalidate(
        {"Records": [change | {"eventSourceARN": stream_arn(PRODUCTS.name)}]}, None
    )

    assert not fake_redis.exists(key)
