"""What was made past this API, or is longer than an answer may be: no other product suffers."""

import json
import logging
from typing import Any

import pytest

from chalicelib.api.answers import MAX_BYTES
from chalicelib.dynamodb.attributes import Item, attribute
from tests.doubles.api import Api
from tests.doubles.recording import Table
from tests.examples import SOME_ID, a_draft

LAMBDA_DELIVERS = 6 * 1024 * 1024
_WHOLE: Item = {"id": {"S": SOME_ID}} | {
    name: attribute(value) for name, value in a_draft(category="lamps").items()
}
DAMAGED = [
    *({name: part for name, part in _WHOLE.items() if name != gone} for gone in a_draft()),
    {name: part for name, part in _WHOLE.items() if name != "category"} | {"price": {"S": "1"}},
    _WHOLE | {"stock_quantity": {"N": "1.5"}},
    _WHOLE | {"updated_at": {"S": "yesterday"}},
    _WHOLE | {"updated_at": {"S": "2026-01-01T00:00:00"}},
    _WHOLE | {"created_at": {"S": "2026-01-01T00:00:00"}},
]
DAMAGED.remove({name: part for name, part in _WHOLE.items() if name != "category"})


@pytest.mark.parametrize("item", DAMAGED)
def test_an_item_that_is_no_product_is_not_there(
    api: Api, moto_table: Table, caplog: pytest.LogCaptureFixture, item: Item
) -> None:
    """It spoils no listing, and the log names it; every way of reading agrees."""
    _, made = api.create(category="lamps")
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    assert [made.json] == api.get("/products").json["items"]
    assert [made.json] == api.get("/products?category=lamps").json["items"]
    assert [SOME_ID] == api.get(f"/products?ids={SOME_ID}").json["missing"]
    assert 404 == api.get(f"/products/{SOME_ID}").status
    assert {SOME_ID} == {record.fields["item"] for record in caplog.records if _is_odd(record)}


def test_a_time_of_another_zone_is_converted(api: Api, moto_table: Table) -> None:
    """An item whose time is not in UTC is read; `Last-Modified` is in GMT."""
    item = _WHOLE | {"updated_at": {"S": "2026-01-01T01:00:00+02:00"}}
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    answer = api.get(f"/products/{SOME_ID}")

    assert 200 == answer.status
    assert "Wed, 31 Dec 2025 23:00:00 GMT" == answer.headers["last-modified"]
    assert [answer.json] == api.get("/products").json["items"]


def test_an_item_may_be_made_whole_or_taken_away(api: Api, moto_table: Table) -> None:
    """A change that leaves it no product is 404, one that completes it 200; it can be deleted."""
    bare = {"id": {"S": SOME_ID}, "name": {"S": "Lamp"}, "description": {"S": "Bright"}}
    path = f"/products/{SOME_ID}"
    moto_table.client.put_item(TableName=moto_table.name, Item=bare)

    assert 404 == api.patch(path, {"price": 2}).status
    assert 200 == api.patch(path, {"stock_quantity": 1}).status
    assert {"price": 2, "stock_quantity": 1}.items() <= api.get(path).json.items()

    moto_table.client.put_item(TableName=moto_table.name, Item=bare)
    assert 204 == api.delete(path).status


@pytest.mark.parametrize("text", ["\x01" * 10_000, "\\" * 10_000, "🦄" * 10_000])
def test_no_answer_is_longer_than_lambda_delivers(api: Api, text: str) -> None:
    """Too long a listing says what to ask for less of; less of it is answered."""
    ids = [api.create(description=text, category="long")[1].json["id"] for _ in range(100)]

    for query, narrowed_by in (
        (f"ids={','.join(ids)}", "ids"),
        ("category=long&limit=100", "limit"),
    ):
        answer = api.get(f"/products?{query}")
        assert _delivered(answer.body) < LAMBDA_DELIVERS
        if answer.status != 200:
            assert (422, [narrowed_by]) == (answer.status, answer.json["errors"][0]["loc"])
    assert api.get("/products?category=long&limit=30").json["items"]


def test_the_bound_leaves_room_for_what_is_around_the_body() -> None:
    """Status and headers are delivered too."""
    assert 256 * 1024 < LAMBDA_DELIVERS - MAX_BYTES


def _is_odd(record: logging.LogRecord) -> bool:
    return record.getMessage() == "malformed item"


def _delivered(body: Any) -> int:
    """Return the length of the JSON that Lambda would pass on."""
    return len(json.dumps({"statusCode": 200, "body": body.decode()}))
