"""Idempotency-Key on POST makes retries safe."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.dynamodb.attributes import to_item
from chalicelib.resources.idempotency import id_from
from tests import examples
from tests.doubles.api import ApiClient
from tests.doubles.recording import RecordingRedis, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import a_body, a_draft, a_product

KEY = "5f3e9c1a-order-17"


def test_a_retry_returns_the_first_response(api: ApiClient) -> None:
    """The same key and body create one product and return the same bytes."""
    first = api.post("/products", a_body(), Idempotency_Key=KEY)
    second = api.post("/products", a_body(), Idempotency_Key=KEY)

    assert (201, first.body) == (second.status, second.body)
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["last-modified"] == second.headers["last-modified"]
    assert 1 == len(api.get("/products").json["items"])


def test_a_retry_may_be_written_differently(api: ApiClient) -> None:
    """Field order, white space and zeros make no difference."""
    api.post("/products", a_body(price=24.5, category=None), Idempotency_Key=KEY)
    fields = '"description": "Ergonomic wireless mouse with adjustable DPI"'
    body = f'{{"stock_quantity":150,{fields},"price":24.500,"name":"Wireless Mouse"}}'

    assert 201 == api.post("/products", body, Idempotency_Key=KEY).status


def test_another_body_with_the_same_key_is_a_422(api: ApiClient) -> None:
    """The error names the header, and the first product stays."""
    first = api.post("/products", a_body(), Idempotency_Key=KEY)

    answer = api.post("/products", a_body(stock_quantity=151), Idempotency_Key=KEY)

    assert 422 == answer.status
    assert [["Idempotency-Key"]] == [error["loc"] for error in answer.json["errors"]]
    assert first.body == api.get(first.headers["location"]).body


def test_a_retry_after_an_update_returns_the_first_response(api: ApiClient) -> None:
    """The update stays."""
    first = api.post("/products", a_body(), Idempotency_Key=KEY)
    path = first.headers["location"]
    api.patch(path, {"price": 1})

    second = api.post("/products", a_body(), Idempotency_Key=KEY)

    assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])
    assert 1 == api.get(path).json["price"]


def test_a_retry_after_a_deletion_creates_the_product_again(api: ApiClient) -> None:
    """It has the same id and a new version. The cached 404 is deleted."""
    first = api.post("/products", a_body(), Idempotency_Key=KEY)
    path = first.headers["location"]
    api.delete(path)
    assert [404, 404] == [api.get(path).status for _ in range(2)]

    second = api.post("/products", a_body(), Idempotency_Key=KEY)

    assert (201, path) == (second.status, second.headers["location"])
    assert int(first.headers["etag"].strip('"')) <= int(second.headers["etag"].strip('"'))
    assert 200 == api.get(path).status


def test_a_retry_after_an_import_is_a_409(api: ApiClient, wire: Wire) -> None:
    """The imported product has no record of the key's request."""
    first = api.post("/products", a_body(), Idempotency_Key=KEY)
    repository = wire().products.repository
    repository.put_all([repository.new(first.json["id"], a_draft())])

    assert 409 == api.post("/products", a_body(), Idempotency_Key=KEY).status


def test_a_key_used_before_an_optional_field_existed_still_answers(
    api: ApiClient, moto_table: RecordingTable
) -> None:
    """The stored hash is of the fields of that time. The field that came later is not in it."""
    fields = (
        '{"description": "Ergonomic wireless mouse with adjustable DPI", "name": "Wireless Mouse",'
        ' "price": "24.99", "stock_quantity": 150}'
    )
    item = to_item(a_product(id=id_from(KEY), category=None))
    item["fingerprint"] = {"S": hashlib.sha256(fields.encode()).hexdigest()}
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    repeats = [
        api.post("/products", a_body(category=None), Idempotency_Key=KEY),
        api.post("/products", _without_category(), Idempotency_Key=KEY),
    ]

    assert [(201, id_from(KEY))] * 2 == [(each.status, each.json["id"]) for each in repeats]
    assert 422 == api.post("/products", a_body(), Idempotency_Key=KEY).status


def test_different_keys_create_different_products(api: ApiClient) -> None:
    """Two keys and no key create three products."""
    headers = [{"Idempotency_Key": "a"}, {"Idempotency_Key": "b"}, {}]

    ids = {api.post("/products", a_body(), **each).json["id"] for each in headers}

    assert 3 == len(ids)


@pytest.mark.parametrize("key", ["", "x" * 256, "a key", "ключ", "a\tb"])
def test_an_invalid_key_is_a_422(api: ApiClient, key: str) -> None:
    """A key has 1 to 255 visible ASCII characters."""
    answer = api.post("/products", a_body(), Idempotency_Key=key)

    assert 422 == answer.status
    assert [["Idempotency-Key"]] == [error["loc"] for error in answer.json["errors"]]


def test_fifty_concurrent_retries_create_one_product(
    real_redis: RecordingRedis, emulated_table: RecordingTable
) -> None:
    """All fifty get the same response."""
    settings = examples.settings(PRODUCTS_TABLE=emulated_table.name)
    catalog = bootstrap.Container(settings, real_redis, emulated_table.client).products.catalog

    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(lambda _: catalog.create(a_draft(), KEY), range(50)))

    assert 1 == len(set(made))
    assert 1 == len(catalog.list(10).items)


def _without_category() -> dict[str, Any]:
    return {name: value for name, value in a_body().items() if name != "category"}
