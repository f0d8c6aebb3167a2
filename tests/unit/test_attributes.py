"""Items as DynamoDB types them: how each annotation of a `NamedTuple` is written and read."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple, Optional

import pytest

from chalicelib.dynamodb.attributes import Reader, attribute, to_item
from tests.examples import NOON, SOME_ID


class Review(NamedTuple):
    """A kind of item with a field of each type."""

    id: str
    stars: int
    weight: Decimal
    bought_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    helpful: int | None = None
    refund: Optional[Decimal] = None  # noqa: UP045 — the older way to write it
    seen_at: datetime | None = None


READER = Reader(Review)
REQUIRED = {"id": SOME_ID, "stars": 5, "weight": Decimal("0.50"), "bought_at": NOON}
HISTORY = {"version": 7, "created_at": NOON, "updated_at": NOON}
OPTIONAL = {"title": "Good", "helpful": 3, "refund": Decimal("1E+2"), "seen_at": NOON}


def a_review(**fields: Any) -> Review:
    return Review(**{**REQUIRED, **HISTORY, **fields})


def an_item() -> dict[str, Any]:
    """Return the item of a review without optional fields."""
    return to_item(a_review())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Good", {"S": "Good"}),
        (5, {"N": "5"}),
        (Decimal("0.50"), {"N": "0.50"}),
        (Decimal("1E+2"), {"N": "100"}),
        (Decimal("1E-7"), {"N": "0.0000001"}),
        (NOON, {"S": "2026-11-22T12:00:00.123456+00:00"}),
        (NOON.replace(microsecond=0), {"S": "2026-11-22T12:00:00.000000+00:00"}),
    ],
)
def test_each_type_has_its_attribute(value: object, expected: dict[str, str]) -> None:
    """Numbers are exact and without exponent; times have microseconds, so their text sorts."""
    assert expected == attribute(value)


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_field_is_read_by_its_type(name: str) -> None:
    """`str`, `int`, `Decimal` and `datetime`, each written as `X | None` or `Optional[X]`."""
    review = a_review(**{name: OPTIONAL[name]})

    read = READER.read(to_item(review))

    assert review == read
    assert type(OPTIONAL[name]) is type(getattr(read, name))


def test_required_fields_are_read_by_their_types() -> None:
    """Equal to what was stored, type for type."""
    read = READER.read(an_item())

    assert a_review() == read
    assert [type(value) for value in a_review()] == [type(value) for value in read]


def test_none_is_not_stored() -> None:
    """Such a field has no attribute, and reads as `None` again."""
    item = an_item()

    assert {*REQUIRED, *HISTORY} == item.keys()
    assert {None} == {getattr(READER.read(item), name) for name in OPTIONAL}


def test_a_field_without_an_attribute_has_its_default() -> None:
    """So items that were stored before an optional field existed are read."""

    class Labelled(NamedTuple):
        id: str
        version: int
        created_at: datetime
        updated_at: datetime
        label: str = "new"

    item = {name: value for name, value in an_item().items() if name in Labelled._fields}

    assert "new" == Reader(Labelled).read(item).label


def test_attributes_that_are_no_field_are_ignored() -> None:
    """The fingerprint of an idempotent request, or a field that only a newer release knows."""
    assert a_review() == READER.read({**an_item(), "fingerprint": {"S": "abc"}})


def test_an_item_made_past_the_api_has_a_history_by_default() -> None:
    """Version 0, made and updated at the start of 1970."""
    item = {name: value for name, value in an_item().items() if name not in HISTORY}

    read = READER.read(item)

    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert (0, start, start) == (read.version, read.created_at, read.updated_at)
    assert [] == READER.missing(item)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_field_is_named(name: str) -> None:
    """`read` raises `KeyError`, and `missing` names the field for the log."""
    item = an_item()
    del item[name]

    with pytest.raises(KeyError, match=name):
        READER.read(item)
    assert [name] == READER.missing(item)


def test_all_missing_fields_are_named_in_order() -> None:
    """An empty item has none of the required ones."""
    assert sorted(REQUIRED) == READER.missing({})


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("stars", {"S": "5"}, KeyError),
        ("stars", {"N": "5.5"}, ValueError),
        ("weight", {"N": "heavy"}, ArithmeticError),
        ("bought_at", {"S": "yesterday"}, ValueError),
        ("bought_at", {"S": "2026-11-22T12:00:00"}, ValueError),
        ("title", {"NULL": True}, KeyError),
    ],
)
def test_an_attribute_of_another_type_is_refused(
    name: str, value: dict[str, Any], error: type[Exception]
) -> None:
    """By the errors that the repository takes as a malformed item."""
    with pytest.raises(error):
        READER.read({**an_item(), name: value})


def test_times_are_read_in_utc() -> None:
    """HTTP's dates need it, whatever the zone that another program wrote."""
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))

    read = READER.read({**an_item(), "bought_at": {"S": elsewhere.isoformat()}})

    assert (NOON, UTC) == (read.bought_at, read.bought_at.tzinfo)


@pytest.mark.parametrize("hint", [bool, float, bytes | None, list[str], str | int])
def test_a_type_without_an_attribute_is_refused_at_start(hint: Any) -> None:
    """`TypeError` when the reader is built. A list of texts is not read as a text."""
    odd = NamedTuple("odd", [("id", str), ("extra", hint)])  # noqa: UP014 — the test's parameter

    with pytest.raises(TypeError, match="no attribute type for"):
        Reader(odd)


def test_when_an_item_was_made_is_read_from_malformed_items_too() -> None:
    """A repeated idempotent request needs nothing else of what is stored."""
    assert NOON == READER.created_at({"created_at": attribute(NOON)})
