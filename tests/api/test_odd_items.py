"""Malformed items and responses over Lambda's limit do not affect other products."""

import json
import logging
from typing import Any

import pytest

from chalicelib.api.answers import MAX_BYTES
from chalicelib.dynamodb.attributes import Item, attribute
from tests.doubles.api import ApiClient
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID, a_draft

LAMBDA_LIMIT = 6 * 1024 * 1024
_WHOLE: Item = {"id": {"S": SOME_ID}} | {
    name: attribute(value) for name, value in a_draft(category="lamps").items()
}
DAMAGED = [
    *({name: part for name, part in _WHOLE.items() if name != missing} for missing in a_draft()),
    {name: part for name, part in _WHOLE.items() if name != "category"} | {"price": {"S": "1"}},
    _WHOLE | {"stock_quantity": {"N": "1.5"}},
    _WHOLE | {"updated_at": {"S": "yesterday"}},
    _WHOLE | {"updated_at": {"S": "2026-01-01T00:00:00"}},
    _WHOLE | {"created_at": {"S": "2026-01-01T00:00:00"}},
]
DAMAGED.remove({name: part for name, part in _WHOLE.items() if name != "category"})


@pytest.mark.parametrize("item", DAMAGED)
def test_a_malformed_item_is_not_found(
    api: ApiClient, moto_table: RecordingTable, caplog: pytest.LogCaptureFixture, item: Item
) -> None:
    """Listings omit it, every read agrees, and the log contains its id."""
    _, made = api.create(category="lamps")
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    assert [made.json] == api.get("/products").json["items"]
    assert [made.json] == api.get("/products?category=lamps").json["items"]
    assert [SOME_ID] == api.get(f"/products?ids={SOME_ID}").json["missing"]
    assert 404 == api.get(f"/products/{SOME_ID}").status
    assert {SOME_ID} == {
        record.fields["item"] for record in caplog.records if _is_malformed(record)
    }


def test_a_time_of_another_zone_is_converted(api: ApiClient, moto_table: RecordingTable) -> None:
    """`Last-Modified` is in GMT."""
    item = _WHOLE | {"updated_at": {"S": "2026-01-01T01:00:00+02:00"}}
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    answer = api.get(f"/products/{SOME_ID}")

    assert 200 == answer.status
    assert "Wed, 31 Dec 2025 23:00:00 GMT" == answer.headers["last-modified"]
    assert [answer.json] == api.get("/products").json["items"]


def test_a_malformed_item_can_be_completed_or_deleted(
    api: ApiClient, moto_table: RecordingTable
) -> None:
    """An update that leaves it malformed is a 404, one that completes it a 200."""
    bare = {"id": {"S": SOME_ID}, "name": {"S": "Lamp"}, "description": {"S": "Bright"}}
    path = f"/products/{SOME_ID}"
    moto_table.client.put_item(TableName=moto_table.name, Item=bare)

    assert 404 == api.patch(path, {"price": 2}).status
    assert 200 == api.patch(path, {"stock_quantity": 1}).status
    assert {"price": 2, "stock_quantity": 1}.items() <= api.get(path).json.items()

    moto_table.client.put_item(TableName=moto_table.name, Item=bare)
    assert 204 == api.delete(path).status


@pytest.mark.parametrize("text", ["\x01" * 10_000, "\\" * 10_000, "🦄" * 10_000])
def test_no_response_exceeds_the_lambda_limit(api: ApiClient, text: str) -> None:
    """A listing that is too long names the parameter to reduce."""
    ids = [api.create(description=text, category="long")[1].json["id"] for _ in range(100)]

    for query, narrowed_by in (
        (f"ids={','.join(ids)}", "ids"),
        ("category=long&limit=100", "limit"),
    ):
        answer = api.get(f"/products?{query}")
        assert _response_length(answer.body) < LAMBDA_LIMIT
        if answer.status != 200:
            assert (422, [narrowed_by]) == (answer.status, answer.json["errors"][0]["loc"])
    assert api.get("/products?category=long&limit=30").json["items"]


def test_the_limit_leaves_room_for_headers() -> None:
    """Lambda counts status and headers too."""
    assert 256 * 1024 < LAMBDA_LIMIT - MAX_BYTES


def _is_malformed(record: logging.LogRecord) -> bool:
    return record.getMessage() == "malformed item"


def _response_length(body: Any) -> int:
    """Return the length of the JSON that Lambda sends."""
    return len(json.dumps({"statusCode": 200, "body": body.decode()}))
