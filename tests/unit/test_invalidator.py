"""The invalidator alone: which keys it deletes, and what it asks Lambda to deliver again."""

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import CacheUnavailable, Unavailable
from chalicelib.invalidator import Invalidator


class Cache:
    """Notes what is deleted; does not answer for the ids in `silent`."""

    def __init__(self, *silent: str) -> None:
        self.deleted: list[str] = []
        self._silent = silent

    def invalidate(self, product_id: str) -> None:
        if product_id in self._silent:
            raise CacheUnavailable("Redis did not answer")
        self.deleted.append(product_id)


class DeadLetters:
    """Keeps what is sent, unless it is closed."""

    def __init__(self, *, closed: bool = False) -> None:
        self.letters: list[Mapping[str, Any]] = []
        self._closed = closed

    def send(self, record: Mapping[str, Any], _reason: str) -> None:
        if self._closed:
            raise Unavailable("the queue does not answer")
        self.letters.append(record)


def a_record(number: int, product_id: str) -> dict[str, Any]:
    keys = {"id": {"S": product_id}}
    return {"eventID": str(number), "dynamodb": {"SequenceNumber": str(number), "Keys": keys}}


def a_bad_record(number: int) -> dict[str, Any]:
    return {"eventID": str(number), "dynamodb": {"SequenceNumber": str(number), "Keys": {}}}


def failures(answer: Mapping[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_each_record_deletes_its_products_entry() -> None:
    """The entry of each product in the batch is deleted, and nothing is asked for again."""
    cache = Cache()

    answer = Invalidator(cache.invalidate, DeadLetters()).process(
        [a_record(1, "a"), a_record(2, "b")]
    )

    assert ["a", "b"] == cache.deleted
    assert [] == failures(answer)


def test_repeats_are_collapsed() -> None:
    """Ten writes of one product in a batch cost one deletion."""
    cache = Cache()

    Invalidator(cache.invalidate, DeadLetters()).process([a_record(n, "a") for n in range(10)])

    assert ["a"] == cache.deleted


def test_what_could_not_be_deleted_is_delivered_again() -> None:
    """From the first record whose entry could not be deleted, Lambda is asked to deliver again."""
    cache = Cache("b")

    answer = Invalidator(cache.invalidate, DeadLetters()).process(
        [a_record(1, "a"), a_record(2, "b"), a_record(3, "c")]
    )

    assert ["2"] == failures(answer)
    assert ["a"] == cache.deleted


def test_a_bad_record_does_not_block_the_shard() -> None:
    """A record without an id goes to the dead letters, and those after it are processed."""
    cache, dead_letters = Cache(), DeadLetters()

    answer = Invalidator(cache.invalidate, dead_letters).process(
        [a_bad_record(1), a_record(2, "b")]
    )

    assert [a_bad_record(1)] == dead_letters.letters
    assert ["b"] == cache.deleted
    assert [] == failures(answer)


def test_a_record_of_any_shape_is_a_bad_record() -> None:
    """Whatever is missing or of another type, the record is put away and not tried for ever."""
    records: list[Any] = [
        {},
        {"dynamodb": None},
        {"dynamodb": {"Keys": {"id": {"N": "1"}}}},
        {"dynamodb": {"Keys": {"id": {"S": 1}}}},
    ]
    dead_letters = DeadLetters()

    answer = Invalidator(Cache().invalidate, dead_letters).process(records)

    assert records == dead_letters.letters
    assert [] == failures(answer)


def test_a_bad_record_is_not_lost_when_the_queue_is_down() -> None:
    """What the dead-letter queue does not take is delivered again."""
    answer = Invalidator(Cache().invalidate, DeadLetters(closed=True)).process([a_bad_record(7)])

    assert ["7"] == failures(answer)


def test_a_record_without_a_number_brings_the_whole_batch_back() -> None:
    """An empty identifier makes Lambda deliver all again: it cannot know from where."""
    answer = Invalidator(Cache().invalidate, DeadLetters(closed=True)).process([{}])

    assert [""] == failures(answer)
