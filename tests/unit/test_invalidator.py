"""The invalidator: the entries that it keeps, retries, and malformed records."""

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


class RecordingInvalidation:
    """Records the entries to keep in each call. If `silent`, it raises."""

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
    """Capture the log of one batch."""
    telemetry.begin()
    with capture_log(STAGE="dev") as log:
        yield log


def a_record(
    product_id: str = SOME_ID, version: int | None = None, *, removed: bool = False
) -> dict[str, Any]:
    """Return a record of a product at a version, or without an image."""
    change: dict[str, Any] = {"Keys": {"id": {"S": product_id}}}
    if version is not None:
        change["NewImage"] = to_item(a_product(id=product_id, version=version))
    return {"eventID": "1", "eventName": "REMOVE" if removed else "MODIFY", "dynamodb": change}


def an_entry(product_id: str = SOME_ID, version: int = 1) -> bytes:
    """Return the cache entry of a product at a version."""
    return CODEC.entry(represent(a_product(id=product_id, version=version)))


def kept_entries(*records: Any) -> dict[str, bytes | None]:
    """Return the entry to keep for each product after one batch."""
    cache = RecordingInvalidation()
    Invalidator(PRODUCTS, cache.invalidate, entry_of_image).process(records)
    (call,) = cache.calls
    return call


def test_the_entry_of_the_record_is_kept() -> None:
    """The bytes are those that a reader fills: the product, or a negative entry."""
    assert {SOME_ID: an_entry(SOME_ID, 7), OTHER_ID: NONE} == kept_entries(
        a_record(SOME_ID, 7), a_record(OTHER_ID, removed=True)
    )


@pytest.mark.parametrize("version", [None, 7])
def test_only_a_negative_entry_of_a_removed_product_is_kept(version: int | None) -> None:
    """With any images in the record."""
    assert {SOME_ID: NONE} == kept_entries(a_record(version=version, removed=True))


def test_without_an_image_no_entry_is_kept() -> None:
    """As with a stream of keys only."""
    assert {SOME_ID: None} == kept_entries(a_record())


@pytest.mark.parametrize(
    "image", [None, "text", [], {}, {"id": {"S": SOME_ID}}, {"price": {"N": "x"}}, {"name": "x"}]
)
def test_without_a_product_in_the_image_no_entry_is_kept(image: Any) -> None:
    """Readers find no product in such an item either."""
    record = a_record()
    record["dynamodb"]["NewImage"] = image

    assert {SOME_ID: None} == kept_entries(record)


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
def test_an_image_with_an_invalid_field_is_no_product(field: str, attribute: Any) -> None:
    """Its entry is deleted."""
    record = a_record(version=7)
    record["dynamodb"]["NewImage"][field] = attribute

    assert {SOME_ID: None} == kept_entries(record)


def test_the_last_record_of_a_product_decides() -> None:
    """By the first one, an older version could stay."""
    assert {SOME_ID: an_entry(SOME_ID, 6)} == kept_entries(a_record(version=5), a_record(version=6))
    assert {SOME_ID: NONE} == kept_entries(a_record(version=5), a_record(removed=True))
    assert {SOME_ID: an_entry(SOME_ID, 9)} == kept_entries(
        a_record(removed=True), a_record(version=9)
    )
    assert {SOME_ID: None} == kept_entries(a_record(version=5), a_record())


def test_a_failed_deletion_raises() -> None:
    """Lambda then retries the whole batch."""
    cache = RecordingInvalidation(silent=True)

    with pytest.raises(CacheUnavailable):
        Invalidator(PRODUCTS, cache.invalidate, entry_of_image).process(
            [a_record(), a_record(OTHER_ID)]
        )
    assert [{SOME_ID: None, OTHER_ID: None}] == cache.calls


def test_a_failed_batch_is_logged_with_its_age(log: CapturedLog) -> None:
    """It shows how long writes have waited."""
    record = a_record()
    record["dynamodb"]["ApproximateCreationDateTime"] = 1000.0
    invalidator = Invalidator(
        PRODUCTS,
        RecordingInvalidation(silent=True).invalidate,
        entry_of_image,
        clock=lambda: 1090.0,
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
def test_a_malformed_record_is_counted_and_skipped(log: CapturedLog, malformed: Any) -> None:
    """A retry would never succeed. The other records are processed."""
    assert {SOME_ID: None} == kept_entries(malformed, a_record())

    warning, ended = log.lines()
    assert "malformed stream record" == warning["message"]
    assert 1 == ended["MalformedRecords"]


def test_a_malformed_record_is_logged_with_its_id(log: CapturedLog) -> None:
    """Its content may be private."""
    kept_entries({"eventID": "7", "dynamodb": {"NewImage": {"secret": {"S": "secret"}}}})

    assert "7" == log.lines()[0]["event_id"]
    assert "secret" not in str(log.lines())
