"""POST /products."""

import json
from decimal import Decimal

import pytest

from chalicelib.resources.representation import is_id
from tests.doubles.api import Api
from tests.doubles.recording import Table
from tests.examples import a_body


def test_a_product_is_created(api: Api) -> None:
    """201, the product as sent with an id of ours, and where it is from now on."""
    answer = api.post("/products", a_body())

    product = answer.json
    assert 201 == answer.status
    assert is_id(product["id"])
    assert a_body(id=product["id"]) == product
    assert f"/products/{product['id']}" == answer.headers["location"]
    assert "application/json" == answer.headers["content-type"]


def test_its_tag_is_that_of_the_next_read(api: Api) -> None:
    """The entity tag of the answer is the product's, and a strong one."""
    path, created = api.create()

    read = api.get(path)

    assert created.headers["etag"] == read.headers["etag"]
    assert created.headers["last-modified"] == read.headers["last-modified"]
    assert created.body == read.body
    assert created.headers["etag"].startswith('"')


def test_each_one_has_an_id_of_its_own(api: Api) -> None:
    """The same body twice makes two products."""
    assert api.create()[0] != api.create()[0]


@pytest.mark.parametrize("category", [{}, {"category": None}])
def test_a_product_may_have_no_category(api: Api, category: dict[str, None]) -> None:
    """Left out or null, the answer has no such field."""
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
def test_text_comes_back_unchanged(api: Api, text: str) -> None:
    """Any Unicode, up to the limit in code points: nothing trimmed, normalised or escaped away."""
    path, created = api.create(name=text, description=text, category=text[:100])

    for product in (created.json, api.get(path).json, api.get(path).json):
        assert (text, text, text[:100]) == tuple(
            product[name] for name in ("name", "description", "category")
        )


@pytest.mark.parametrize(
    "price",
    ["0.0001", "1", "1.0", "9999999999.9999", "24.99", "1e2", "1E+2", "1e-4", "0.10", "100.0000"],
)
def test_prices_come_back_to_the_digit(api: Api, price: str) -> None:
    """However a price is written, its value is stored and returned, cached or not."""
    body = json.dumps(a_body(price=0)).replace('"price": 0', f'"price": {price}')
    created = api.post("/products", body)
    assert 201 == created.status, created
    path = created.headers["location"]

    for answer in (created, api.get(path), api.get(path)):
        read = json.loads(answer.body, parse_float=Decimal, parse_int=Decimal)
        assert Decimal(price) == read["price"]


@pytest.mark.parametrize("stock", [0, 1, 1_000_000_000])
def test_the_stock_may_be_anything_in_its_range(api: Api, stock: int) -> None:
    """Both ends are in."""
    assert stock == api.create(stock_quantity=stock)[1].json["stock_quantity"]


def test_a_long_description_is_taken(api: Api) -> None:
    """10,000 characters, whatever their bytes."""
    path, _ = api.create(description="日" * 10_000)

    assert "日" * 10_000 == api.get(path).json["description"]


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"),
        *("application/merge-patch+json", "application/vnd.shop+json ; v=1"),
    ],
)
def test_json_by_any_name_is_taken(api: Api, content_type: str) -> None:
    """Parameters, case and +json suffixes do not matter."""
    assert 201 == api.post("/products", a_body(), Content_Type=content_type).status


@pytest.mark.parametrize(
    ("written", "stored"),
    [("24.99" + "0" * 250_000, "24.99"), ("24.90", "24.9"), ("100.0000", "100"), ("1e2", "100")],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_price_is_stored_without_trailing_zeros(
    api: Api, moto_table: Table, method: str, written: str, stored: str
) -> None:
    """A body's length is not the item's: 250,000 zeros cost neither storage nor write units."""
    path, _ = api.create()
    body = json.dumps(a_body(price=0)).replace('"price": 0', f'"price": {written}')

    answer = api.send(method, path if method == "PATCH" else "/products", body)

    key = {"id": {"S": answer.json["id"]}}
    item = moto_table.client.get_item(TableName=moto_table.name, Key=key)["Item"]
    assert {"N": stored} == item["price"]
    assert float(stored) == answer.json["price"]
