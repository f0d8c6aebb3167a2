"""Conditional requests by RFC 9110, 13: each combination of headers and its results."""

from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, NamedTuple

import pytest

from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID, a_body

WRITTEN = 2
"""A successful write: 200 or 204."""
NO_DATE = "2026-11-22T16:11:21Z"


class PreconditionCase(NamedTuple):
    """The headers, the result of a write, and the result of a read."""

    headers: dict[str, str]
    write: int
    read: int


STRONG_MATCHES = ["{tag}", '"1", {tag}', '"x",{tag},"y"', '"",{tag}', "*", " * "]
WEAK_MATCHES = ["W/{tag}", '"a,b",W/{tag} , "z"']
MISMATCHES = [
    *('"1"', 'W/"1"', '"1","2"', '"0{bare}"', '"{bare}x"', "{bare}"),
    *("", '"*"', '"-1"', "null", '"'),
]

# The dates are the second of the product's write, the second before and the second after.
TABLE = [
    PreconditionCase({}, WRITTEN, 200),
    *(PreconditionCase({"If_Match": form}, WRITTEN, 200) for form in STRONG_MATCHES),
    *(PreconditionCase({"If_Match": form}, 412, 412) for form in [*WEAK_MATCHES, *MISMATCHES]),
    *(
        PreconditionCase({"If_None_Match": form}, 412, 304)
        for form in [*STRONG_MATCHES, *WEAK_MATCHES]
    ),
    *(PreconditionCase({"If_None_Match": form}, WRITTEN, 200) for form in MISMATCHES),
    PreconditionCase({"If_Match": "{tag}", "If_Unmodified_Since": "{before}"}, WRITTEN, 200),
    PreconditionCase({"If_Match": '"1"', "If_Unmodified_Since": "{after}"}, 412, 412),
    PreconditionCase({"If_Unmodified_Since": "{same}"}, WRITTEN, 200),
    PreconditionCase({"If_Unmodified_Since": "{after}"}, WRITTEN, 200),
    PreconditionCase({"If_Unmodified_Since": "{before}"}, 412, 412),
    PreconditionCase({"If_Unmodified_Since": NO_DATE}, WRITTEN, 200),
    PreconditionCase({"If_Unmodified_Since": "{before}, {before}"}, WRITTEN, 200),
    PreconditionCase({"If_Match": "{tag}", "If_None_Match": "{tag}"}, 412, 304),
    PreconditionCase({"If_Match": "{tag}", "If_None_Match": "*"}, 412, 304),
    PreconditionCase({"If_Match": "{tag}", "If_None_Match": '"1"'}, WRITTEN, 200),
    PreconditionCase({"If_Match": '"1"', "If_None_Match": "{tag}"}, 412, 412),
    PreconditionCase({"If_Unmodified_Since": "{same}", "If_None_Match": "{tag}"}, 412, 304),
    PreconditionCase({"If_Unmodified_Since": "{before}", "If_None_Match": '"1"'}, 412, 412),
    PreconditionCase({"If_Modified_Since": "{same}"}, WRITTEN, 304),
    PreconditionCase({"If_Modified_Since": "{after}"}, WRITTEN, 304),
    PreconditionCase({"If_Modified_Since": "{before}"}, WRITTEN, 200),
    PreconditionCase({"If_Modified_Since": NO_DATE}, WRITTEN, 200),
    PreconditionCase({"If_None_Match": '"1"', "If_Modified_Since": "{same}"}, WRITTEN, 200),
    PreconditionCase({"If_None_Match": "{tag}", "If_Modified_Since": "{before}"}, 412, 304),
    PreconditionCase(
        {"If_Unmodified_Since": "{same}", "If_Modified_Since": "{before}"}, WRITTEN, 200
    ),
]
WRITES: dict[str, tuple[str, Any]] = {
    "put": ("PUT", {"name": "Ball"}),
    "patch": ("PATCH", {"name": "Ball"}),
    "empty": ("PATCH", {}),
    "delete": ("DELETE", None),
}


def _named(row: PreconditionCase) -> str:
    return " ".join(f"{name}:{value}" for name, value in row.headers.items()) or "none"


def _headers(row: PreconditionCase, created: ApiResponse) -> dict[str, str]:
    """Return the case's headers for a new product."""
    same = parsedate_to_datetime(created.headers["last-modified"])
    second = timedelta(seconds=1)
    values = {
        "tag": created.headers["etag"],
        "bare": created.headers["etag"].strip('"'),
        "before": _http(same - second),
        "same": _http(same),
        "after": _http(same + second),
    }
    return {name: value.format(**values) for name, value in row.headers.items()}


def _http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("row", TABLE, ids=_named)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_needs_its_preconditions(
    api: ApiClient, moto_table: RecordingTable, write: str, row: PreconditionCase
) -> None:
    """2xx, or 412 without a write. One DynamoDB call makes it atomic."""
    path, created = api.create()
    method, body = WRITES[write]

    with moto_table.calls() as made:
        answer = api.send(method, path, body, **_headers(row, created))

    assert row.write == (WRITTEN if answer.status < 300 else answer.status), answer
    assert 1 == len(made)
    if answer.status == 412:
        read = api.get(path)
        assert (created.body, created.headers["etag"]) == (read.body, read.headers["etag"])


@pytest.mark.parametrize("row", TABLE, ids=_named)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_applies_its_preconditions(
    api: ApiClient, method: str, row: PreconditionCase
) -> None:
    """200, 304 without a body, or 412; the same from the table and from the cache."""
    path, created = api.create()

    answers = [api.send(method, path, **_headers(row, created)) for _ in range(2)]

    assert [row.read] * 2 == [answer.status for answer in answers]
    if row.read == 304:
        assert {(b"", created.headers["etag"])} == {(a.body, a.headers["etag"]) for a in answers}
        assert ["MISS", "HIT"] == [answer.headers["x-cache"] for answer in answers]


@pytest.mark.parametrize("row", TABLE, ids=_named)
def test_a_missing_product_is_a_404_with_any_precondition(
    api: ApiClient, row: PreconditionCase
) -> None:
    """Preconditions apply only if the request would succeed without them (13.2.1)."""
    _, created = api.create()
    headers = _headers(row, created)

    for method, body in [*WRITES.values(), ("GET", None), ("HEAD", None)]:
        assert 404 == api.send(method, f"/products/{SOME_ID}", body, **headers).status


@pytest.mark.parametrize("row", TABLE, ids=_named)
def test_a_creation_ignores_preconditions(api: ApiClient, row: PreconditionCase) -> None:
    """There is no existing state."""
    _, created = api.create()

    assert 201 == api.post("/products", a_body(), **_headers(row, created)).status


def test_last_modified_prevents_lost_updates(api: ApiClient, moto_table: RecordingTable) -> None:
    """Of two writers that read the same state, the second is refused a second later."""
    path, created = api.create()
    since = created.headers["last-modified"]
    _age(moto_table, path, timedelta(hours=1))
    assert 200 == api.patch(path, {"name": "a"}).status

    refused = api.patch(path, {"name": "b"}, If_Unmodified_Since=_hour_before(since))

    assert 412 == refused.status
    assert "a" == api.get(path).json["name"]


def test_two_changes_in_one_second_have_one_date(api: ApiClient) -> None:
    """HTTP dates have whole seconds. Entity tags are exact."""
    path, created = api.create()
    changed = api.patch(path, {"name": "a"})
    while changed.headers["last-modified"] != created.headers["last-modified"]:
        path, created = api.create()  # the second has just ended
        changed = api.patch(path, {"name": "a"})

    again = api.patch(path, {"name": "b"}, If_Unmodified_Since=created.headers["last-modified"])

    assert 200 == again.status


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_too_many_tags_are_refused(api: ApiClient, header: str) -> None:
    """More tags than a DynamoDB condition can contain are a 400."""
    path, _ = api.create()
    named = {header.replace("-", "_"): ",".join(f'"{n}"' for n in range(1, 102))}
    hundred = {name: tags.removesuffix(',"101"') for name, tags in named.items()}

    answer = api.patch(path, {"name": "x"}, **named)

    assert (400, True) == (answer.status, header in answer.json["detail"])
    assert (412 if header == "If-Match" else 204) == api.delete(path, **hundred).status


def test_a_product_stored_without_a_version_has_version_0(
    api: ApiClient, moto_table: RecordingTable
) -> None:
    """Its tag and date are those of a read, although the item has neither."""
    fields = {"name": "S", "description": "S", "price": "N", "stock_quantity": "N"}
    item = {"id": {"S": SOME_ID}, **{name: {kind: "1"} for name, kind in fields.items()}}
    moto_table.client.put_item(TableName=moto_table.name, Item=item)
    path = f"/products/{SOME_ID}"
    read = api.get(path)
    tag, date = read.headers["etag"], read.headers["last-modified"]

    assert ('"0"', 1970) == (tag, parsedate_to_datetime(date).year)
    assert 412 == api.delete(path, If_Match='"1"').status
    assert 412 == api.delete(path, If_None_Match=tag).status
    changed = api.patch(path, {"name": "x"}, If_Match=tag, If_None_Match='"1"')
    assert (200, '"1"') == (changed.status, changed.headers["etag"])
    assert 412 == api.delete(path, If_Match=tag).status
    assert 412 == api.delete(path, If_Unmodified_Since=date).status


def test_a_version_of_38_digits_works(api: ApiClient, moto_table: RecordingTable) -> None:
    """DynamoDB's numbers have 38 digits. A longer tag matches no product."""
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


def _age(table: RecordingTable, path: str, by: timedelta) -> None:
    """Move the product's write into the past."""
    key = {"id": {"S": path.removeprefix("/products/")}}
    item = table.client.get_item(TableName=table.name, Key=key)["Item"]
    written_at = datetime.fromisoformat(item["updated_at"]["S"]) - by
    item["updated_at"] = {"S": written_at.isoformat(timespec="microseconds")}
    table.client.put_item(TableName=table.name, Item=item)


def _hour_before(date: str) -> str:
    return _http(parsedate_to_datetime(date) - timedelta(hours=1))
