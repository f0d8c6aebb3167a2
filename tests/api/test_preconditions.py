"""Conditional requests, as RFC 9110, 13 has them: each combination of headers with its results."""

from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, NamedTuple

import pytest

from tests.doubles.api import Answer, Api
from tests.doubles.recording import Table
from tests.examples import SOME_ID, a_body

MADE = 2
"""A write that is made: 200 or 204."""
NO_DATE = "2026-11-22T16:11:21Z"


class Row(NamedTuple):
    """What the headers say, what a write results in, and what a read does."""

    headers: dict[str, str]
    write: int
    read: int


# The dates are those of the second in which the product was written, the one before, the one after.
TABLE = [
    Row({}, MADE, 200),
    Row({"If_Match": "{tag}"}, MADE, 200),
    Row({"If_Match": "*"}, MADE, 200),
    Row({"If_Match": '"1"'}, 412, 412),
    Row({"If_Match": "W/{tag}"}, 412, 412),
    Row({"If_Match": "{tag}", "If_Unmodified_Since": "{before}"}, MADE, 200),
    Row({"If_Match": '"1"', "If_Unmodified_Since": "{after}"}, 412, 412),
    Row({"If_Unmodified_Since": "{same}"}, MADE, 200),
    Row({"If_Unmodified_Since": "{after}"}, MADE, 200),
    Row({"If_Unmodified_Since": "{before}"}, 412, 412),
    Row({"If_Unmodified_Since": NO_DATE}, MADE, 200),
    Row({"If_Unmodified_Since": "{before}, {before}"}, MADE, 200),
    Row({"If_None_Match": "{tag}"}, 412, 304),
    Row({"If_None_Match": "W/{tag}"}, 412, 304),
    Row({"If_None_Match": '"1", {tag}'}, 412, 304),
    Row({"If_None_Match": "*"}, 412, 304),
    Row({"If_None_Match": '"1"'}, MADE, 200),
    Row({"If_Match": "{tag}", "If_None_Match": "{tag}"}, 412, 304),
    Row({"If_Match": "{tag}", "If_None_Match": "*"}, 412, 304),
    Row({"If_Match": "{tag}", "If_None_Match": '"1"'}, MADE, 200),
    Row({"If_Match": '"1"', "If_None_Match": "{tag}"}, 412, 412),
    Row({"If_Unmodified_Since": "{same}", "If_None_Match": "{tag}"}, 412, 304),
    Row({"If_Unmodified_Since": "{before}", "If_None_Match": '"1"'}, 412, 412),
    Row({"If_Modified_Since": "{same}"}, MADE, 304),
    Row({"If_Modified_Since": "{after}"}, MADE, 304),
    Row({"If_Modified_Since": "{before}"}, MADE, 200),
    Row({"If_Modified_Since": NO_DATE}, MADE, 200),
    Row({"If_None_Match": '"1"', "If_Modified_Since": "{same}"}, MADE, 200),
    Row({"If_None_Match": "{tag}", "If_Modified_Since": "{before}"}, 412, 304),
    Row({"If_Unmodified_Since": "{same}", "If_Modified_Since": "{before}"}, MADE, 200),
]
WRITES: dict[str, tuple[str, Any]] = {
    "put": ("PUT", {"name": "Ball"}),
    "patch": ("PATCH", {"name": "Ball"}),
    "nothing": ("PATCH", {}),
    "delete": ("DELETE", None),
}


def _named(row: Row) -> str:
    return " ".join(f"{name}:{value}" for name, value in row.headers.items()) or "none"


def _filled(row: Row, created: Answer) -> dict[str, str]:
    """Return the row's headers, for a product just made."""
    same = parsedate_to_datetime(created.headers["last-modified"])
    second = timedelta(seconds=1)
    values = {
        "tag": created.headers["etag"],
        "before": _http(same - second),
        "same": _http(same),
        "after": _http(same + second),
    }
    return {name: value.format(**values) for name, value in row.headers.items()}


def _http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("row", TABLE, ids=_named)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_made_where_its_preconditions_hold(
    api: Api, moto_table: Table, write: str, row: Row
) -> None:
    """2xx, or 412 and nothing is written; by one DynamoDB call, so nothing comes between."""
    path, created = api.create()
    method, body = WRITES[write]

    with moto_table.calls() as made:
        answer = api.send(method, path, body, **_filled(row, created))

    assert row.write == (MADE if answer.status < 300 else answer.status), answer
    assert 1 == len(made)
    if answer.status == 412:
        read = api.get(path)
        assert (created.body, created.headers["etag"]) == (read.body, read.headers["etag"])


@pytest.mark.parametrize("row", TABLE, ids=_named)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_answered_by_its_preconditions(api: Api, method: str, row: Row) -> None:
    """200, 304 without a body, or 412; the same from the table and from the cache."""
    path, created = api.create()

    answers = [api.send(method, path, **_filled(row, created)) for _ in range(2)]

    assert [row.read] * 2 == [answer.status for answer in answers]
    if row.read == 304:
        assert {(b"", created.headers["etag"])} == {(a.body, a.headers["etag"]) for a in answers}


@pytest.mark.parametrize("row", TABLE, ids=_named)
def test_what_is_not_there_meets_no_precondition(api: Api, row: Row) -> None:
    """404 first: without the headers it would be no success either (13.2.1)."""
    _, created = api.create()
    headers = _filled(row, created)

    for method, body in [*WRITES.values(), ("GET", None), ("HEAD", None)]:
        assert 404 == api.send(method, f"/products/{SOME_ID}", body, **headers).status


@pytest.mark.parametrize("row", TABLE, ids=_named)
def test_a_creation_has_no_preconditions(api: Api, row: Row) -> None:
    """There is no state yet that they could be about."""
    _, created = api.create()

    assert 201 == api.post("/products", a_body(), **_filled(row, created)).status


def test_who_goes_by_last_modified_loses_no_update(api: Api, moto_table: Table) -> None:
    """The second of two writers that read the same state is refused, a second later."""
    path, created = api.create()
    since = created.headers["last-modified"]
    _age(moto_table, path, timedelta(hours=1))
    assert 200 == api.patch(path, {"name": "a"}).status

    refused = api.patch(path, {"name": "b"}, If_Unmodified_Since=_hour_before(since))

    assert 412 == refused.status
    assert "a" == api.get(path).json["name"]


def test_two_changes_in_one_second_have_one_date(api: Api) -> None:
    """The caveat of HTTP's dates: who needs finer ones uses the entity tag."""
    path, created = api.create()
    changed = api.patch(path, {"name": "a"})
    while changed.headers["last-modified"] != created.headers["last-modified"]:
        path, created = api.create()  # the second has just ended
        changed = api.patch(path, {"name": "a"})

    again = api.patch(path, {"name": "b"}, If_Unmodified_Since=created.headers["last-modified"])

    assert 200 == again.status


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_too_many_tags_are_refused(api: Api, header: str) -> None:
    """More versions than a condition can name are the client's fault."""
    path, _ = api.create()
    named = {header.replace("-", "_"): ",".join(f'"{n}"' for n in range(1, 102))}
    hundred = {name: tags.removesuffix(',"101"') for name, tags in named.items()}

    answer = api.patch(path, {"name": "x"}, **named)

    assert (400, True) == (answer.status, header in answer.json["detail"])
    assert (412 if header == "If-Match" else 204) == api.delete(path, **hundred).status


def test_a_product_made_past_the_api_is_at_version_0(api: Api, moto_table: Table) -> None:
    """Its tag and its date are those that a read returns, though the item has neither."""
    fields = {"name": "S", "description": "S", "price": "N", "stock_quantity": "N"}
    item = {"id": {"S": SOME_ID}, **{name: {kind: "1"} for name, kind in fields.items()}}
    moto_table.client.put_item(TableName=moto_table.name, Item=item)
    path = f"/products/{SOME_ID}"
    read = api.get(path)
    tag, date = read.headers["etag"], read.headers["last-modified"]

    assert ('"0"', 1970) == (tag, parsedate_to_datetime(date).year)
    assert 412 == api.delete(path, If_Match='"1"').status
    assert 412 == api.delete(path, If_None_Match=tag).status
    assert 200 == api.patch(path, {"name": "x"}, If_Match=tag, If_None_Match='"1"').status
    assert 412 == api.delete(path, If_Match=tag).status
    assert 412 == api.delete(path, If_Unmodified_Since=date).status


def test_a_version_of_all_digits_that_dynamodb_keeps_is_named(api: Api, moto_table: Table) -> None:
    """The 38 digits of its numbers; a tag of more is of no product."""
    path, _ = api.create()
    moto_table.client.update_item(
        TableName=moto_table.name,
        Key={"id": {"S": path.removeprefix("/products/")}},
        UpdateExpression="SET version = :version",
        ExpressionAttributeValues={":version": {"N": "1" * 38}},
    )

    tag = api.get(path).headers["etag"]

    assert f'"{"1" * 38}"' == tag
    assert 412 == api.patch(path, {"name": "x"}, If_Match=f'"{"1" * 39}"').status
    assert 200 == api.patch(path, {"name": "x"}, If_Match=tag).status


def _age(table: Table, path: str, by: timedelta) -> None:
    """Let the product have been written earlier than it was."""
    key = {"id": {"S": path.removeprefix("/products/")}}
    item = table.client.get_item(TableName=table.name, Key=key)["Item"]
    written_at = datetime.fromisoformat(item["updated_at"]["S"]) - by
    item["updated_at"] = {"S": written_at.isoformat(timespec="microseconds")}
    table.client.put_item(TableName=table.name, Item=item)


def _hour_before(date: str) -> str:
    return _http(parsedate_to_datetime(date) - timedelta(hours=1))
