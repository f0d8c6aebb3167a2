"""POST /products."""

import json
from decimal import Decimal

import pytest

from chalicelib.resources.representation import is_id
from tests.doubles.api import ApiClient
from tests.doubles.recording import RecordingTable
from tests.examples import a_body


def test_a_product_is_created(api: ApiClient) -> None:
    """201 with the product, a generated id, and its location."""
    answer = api.post("/products", a_body())

    product = answer.json
    assert 201 == answer.status
    assert is_id(product["id"])
    assert a_body(id=product["id"]) == product
    assert f"/products/{product['id']}" == answer.headers["location"]
    assert "application/json" == answer.headers["content-type"]


def test_the_entity_tag_is_that_of_the_next_read(api: ApiClient) -> None:
    """The response has the product's strong entity tag."""
    path, created = api.create()

    read = api.get(path)

    assert created.headers["etag"] == read.headers["etag"]
    assert created.headers["last-modified"] == read.headers["last-modified"]
    assert created.body == read.body
    assert created.headers["etag"].startswith('"')


@pytest.mark.parametrize("category", [{}, {"category": None}])
def test_a_product_may_have_no_category(api: ApiClient, category: dict[str, None]) -> None:
    """If it is missing or null, the response has no such field."""
    path, created = api.create(**category)

    assert "category" not in created.json
    assert "category" not in api.get(path).json


@pytest.mark.parametrize(
    "text",
    [
        *("x", "x" * 255, " x ", "日本語", "👩‍👩‍👧‍👦", "e\u0301", "a\x00b", "\\", '"', "</script>"),
        *("\u2028x", "\ufeffx", "\U0010ffff" * 255, "NaN", "null"),
    ],
)
def test_text_is_returned_unchanged(api: ApiClient, text: str) -> None:
    """Any Unicode up to the limit in code points, without trimming or normalisation."""
    path, created = api.create(name=text, description=text, category=text[:100])

    for product in (created.json, api.get(path).json, api.get(path).json):
        assert (text, text, text[:100]) == tuple(
            product[name] for name in ("name", "description", "category")
        )


@pytest.mark.parametrize(
    "price",
    ["0.0001", "1", "1.0", "9999999999.9999", "24.99", "1e2", "1E+2", "1e-4", "0.10", "100.0000"],
)
def test_prices_are_returned_exactly(api: ApiClient, price: str) -> None:
    """Every notation of a price is stored and returned with its exact value."""
    body = json.dumps(a_body(price=0)).replace('"price": 0', f'"price": {price}')
    created = api.post("/products", body)
    assert 201 == created.status, created
    path = created.headers["location"]

    for answer in (created, api.get(path), api.get(path)):
        read = json.loads(answer.body, parse_float=Decimal, parse_int=Decimal)
        assert Decimal(price) == read["price"]


@pytest.mark.parametrize("stock", [0, 1, 1_000_000_000])
def test_every_stock_in_the_range_is_accepted(api: ApiClient, stock: int) -> None:
    """Both limits are valid."""
    assert stock == api.create(stock_quantity=stock)[1].json["stock_quantity"]


def test_a_long_description_is_accepted(api: ApiClient) -> None:
    """The limit is 10,000 characters, not bytes."""
    path, _ = api.create(description="日" * 10_000)

    assert "日" * 10_000 == api.get(path).json["description"]


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"),
        *("application/merge-patch+json", "application/vnd.shop+json ; v=1"),
    ],
)
def test_json_content_types_are_accepted(api: ApiClient, content_type: str) -> None:
    """Parameters, case and +json suffixes make no difference."""
    assert 201 == api.post("/products", a_body(), Content_Type=content_type).status


@pytest.mark.parametrize(
    ("written", "stored"),
    [("24.99" + "0" * 250_000, "24.99"), ("24.90", "24.9"), ("100.0000", "100"), ("1e2", "100")],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_price_is_stored_without_trailing_zeros(
    api: ApiClient, moto_table: RecordingTable, method: str, written: str, stored: str
) -> None:
    """250,000 zeros in a body take neither storage nor write units."""
    path, _ = api.create()
    body = json.dumps(a_body(price=0)).replace('"price": 0', f'"price": {written}')

    answer = api.send(method, path if method == "PATCH" else "/products", body)

    key = {"id": {"S": answer.json["id"]}}
    item = moto_table.client.get_item(TableName=moto_table.name, Key=key)["Item"]
    assert {"N": stored} == item["price"]
    assert float(stored) == answer.json["price"]
