"""The invalidator alone: which entries it spares, what it does again, and what never blocks it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib import telemetry
from chalicelib.caching.stream import Invalidator
from chalicelib.dynamodb.attributes import to_item
from chalicelib.errors import CacheUnavailable
from chalicelib.products.cache import CODEC
from chalicelib.products.model import represent
from chalicelib.products.parts import entry_of_image
from chalicelib.resources import PRODUCTS
from tests.doubles.log import CapturedLog, capture_log
from tests.examples import OTHER_ID, SOME_ID, a_product

NONE = CODEC.entry(None)


class Cache:
    """Notes what may stay of each product, in each call; `silent`, it does not answer."""

    def __init__(self, *, silent: bool = False) -> None:
        self.calls: list[dict[str, bytes | None]] = []
        self._silent = silent

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        self.calls.append(dict(entries))
        if self._silent:
            raise CacheUnavailable("Redis did not answer")
        return len(entries)


@pytest.fixture
def log() -> Iterator[CapturedLog]:
    """Catch the log of one batch."""
    telemetry.begin()
    with capture_log(STAGE="dev") as log:
        yield log


def a_record(
    product_id: str = SOME_ID, version: int | None = None, *, removed: bool = False
) -> dict[str, Any]:
    """Return a record of a product at a version; without one it has no image."""
    change: dict[str, Any] = {"Keys": {"id": {"S": product_id}}}
    if version is not None:
        change["NewImage"] = to_item(a_product(id=product_id, version=version))
    return {"eventID": "1", "eventName": "REMOVE" if removed else "MODIFY", "dynamodb": change}


def an_entry(product_id: str = SOME_ID, version: int = 1) -> bytes:
    """Return what the cache holds of such a product."""
    return CODEC.entry(represent(a_product(id=product_id, version=version)))


def spared(*records: Any) -> dict[str, bytes | None]:
    """Return what may stay of each product after one batch."""
    cache = Cache()
    Invalidator(PRODUCTS, cache.invalidate, entry_of_image).process(records)
    (call,) = cache.calls
    return call


def test_what_the_record_shows_may_stay() -> None:
    """The bytes are those that a reader fills in: of the product, or that there is none."""
    assert {SOME_ID: an_entry(SOME_ID, 7), OTHER_ID: NONE} == spared(
        a_record(SOME_ID, 7), a_record(OTHER_ID, removed=True)
    )


@pytest.mark.parametrize("version", [None, 7])
def test_of_a_removed_product_only_its_absence_may_stay(version: int | None) -> None:
    """Whatever images the stream bears."""
    assert {SOME_ID: NONE} == spared(a_record(version=version, removed=True))


def test_without_an_image_nothing_may_stay() -> None:
    """As from a stream of keys only."""
    assert {SOME_ID: None} == spared(a_record())


@pytest.mark.parametrize(
    "image", [None, "text", [], {}, {"id": {"S": SOME_ID}}, {"price": {"N": "x"}}, {"name": "x"}]
)
def test_without_a_product_in_the_image_nothing_may_stay(image: Any) -> None:
    """Of an item that was made past the API readers find no product either."""
    record = a_record()
    record["dynamodb"]["NewImage"] = image

    assert {SOME_ID: None} == spared(record)


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("price", {"N": "x"}),
        ("price", {"S": "1"}),
        ("name", {"S": "\ud800"}),
        ("updated_at", {"S": "yesterday"}),
        ("updated_at", {"S": "2026-01-01"}),
        ("version", {"N": "1.5"}),
    ],
)
def test_an_image_with_a_bad_field_is_no_product(field: str, attribute: Any) -> None:
    """The record's product is invalidated all the same."""
    record = a_record(version=7)
    record["dynamodb"]["NewImage"][field] = attribute

    assert {SOME_ID: None} == spared(record)


def test_the_last_record_of_a_product_decides() -> None:
    """With the first, version 5 would pass for right where 6 is in the batch, and stay."""
    assert {SOME_ID: an_entry(SOME_ID, 6)} == spared(a_record(version=5), a_record(version=6))
    assert {SOME_ID: NONE} == spared(a_record(version=5), a_record(removed=True))
    assert {SOME_ID: an_entry(SOME_ID, 9)} == spared(a_record(removed=True), a_record(version=9))
    assert {SOME_ID: None} == spared(a_record(version=5), a_record())


def test_what_could_not_be_deleted_raises() -> None:
    """Lambda then delivers the whole batch again, however it is configured."""
    cache = Cache(silent=True)

    with pytest.raises(CacheUnavailable):
        Invalidator(PRODUCTS, cache.invalidate, entry_of_image).process(
            [a_record(), a_record(OTHER_ID)]
        )
    assert [{SOME_ID: None, OTHER_ID: None}] == cache.calls


def test_a_batch_that_fails_is_logged_with_its_age(log: CapturedLog) -> None:
    """So that it shows for how long writes have waited."""
    record = a_record()
    record["dynamodb"]["ApproximateCreationDateTime"] = 1000.0
    invalidator = Invalidator(
        PRODUCTS, Cache(silent=True).invalidate, entry_of_image, clock=lambda: 1090.0
    )

    with pytest.raises(CacheUnavailable):
        invalidator.process([record])

    delayed, ended = log.lines()
    assert "cache invalidation delayed" == delayed["message"]
    assert ("invalidated", [90_000.0]) == (ended["message"], ended["InvalidationLag"])
    assert 1 == ended["InvalidationsDelayed"]


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "text",
        {},
        {"dynamodb": None},
        {"dynamodb": {"Keys": {}}},
        {"dynamodb": {"Keys": {"id": {"N": "1"}}}},
        {"dynamodb": {"Keys": {"id": {"S": 1}}}},
        {"dynamodb": {"Keys": {"id": {"S": b"x"}}}},
        {"dynamodb": {"Keys": {"id": {"S": "\ud800"}}}},
    ],
)
def test_a_malformed_record_is_counted_and_blocks_nothing(log: CapturedLog, malformed: Any) -> None:
    """It would never succeed: the others of its batch do, and the batch with them."""
    assert {SOME_ID: None} == spared(malformed, a_record())

    warning, ended = log.lines()
    assert "malformed stream record" == warning["message"]
    assert 1 == ended["MalformedRecords"]


def test_a_malformed_record_is_logged_by_its_own_id(log: CapturedLog) -> None:
    """Its content may be private."""
    spared({"eventID": "7", "dynamodb": {"NewImage": {"secret": {"S": "secret"}}}})

    assert "7" == log.lines()[0]["event_id"]
    assert "secret" not in str(log.lines())
