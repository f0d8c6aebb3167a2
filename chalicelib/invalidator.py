"""
From the table's stream to the cache: which keys to delete. Knows neither Chalice nor Redis.

The last line of defence: whatever a writer could not delete, because Redis was out of reach or
the writer died, is deleted when the stream delivers that write. So is what was edited past the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib import telemetry
from chalicelib.errors import Unavailable

Record = Mapping[str, Any]


class DeadLetters(Protocol):
    """Where records end that nobody can act on."""

    def send(self, record: Record, reason: str) -> None:
        """Raise `Unavailable` where the record could not be put away."""


class LoggedDeadLetters:
    """For want of a queue: tells the record's id in the log. Its content may be private."""

    def send(self, record: Record, reason: str) -> None:
        """Log it."""
        telemetry.warning("dead letter", reason=reason, event_id=str(record.get("eventID")))


class Invalidator:
    """
    Deletes the entries behind a batch of stream records.

    `invalidate` takes a product's id, spares a fence, and raises `CacheUnavailable`.
    """

    def __init__(self, invalidate: Callable[[str], None], dead_letters: DeadLetters) -> None:
        self._invalidate = invalidate
        self._dead_letters = dead_letters

    def process(self, records: Sequence[Record]) -> dict[str, list[dict[str, str]]]:
        """
        Return the partial batch response: the first record that must be delivered again, if any.

        Lambda delivers that one and all after it again, so none is tried further.
        Source: "Configuring partial batch response with DynamoDB and Lambda", AWS Lambda guide.
        """
        done: set[str] = set()
        for record in records:
            try:
                self._process(record, done)
            except Unavailable as error:
                telemetry.warning("cache invalidation delayed", reason=str(error))
                return {"batchItemFailures": [{"itemIdentifier": _sequence_number(record)}]}
        return {"batchItemFailures": []}

    def _process(self, record: Record, done: set[str]) -> None:
        """Delete the entry of the record's product, once a batch."""
        product_id = _product_id(record)
        if product_id is None:
            self._dead_letters.send(record, "a record without a product id")
        elif product_id not in done:
            self._invalidate(product_id)
            done.add(product_id)
            telemetry.info("cache invalidation", source="stream", product_id=product_id)


def _product_id(record: Record) -> str | None:
    try:
        product_id = record["dynamodb"]["Keys"]["id"]["S"]
    except (KeyError, TypeError):
        return None
    return product_id if isinstance(product_id, str) else None


def _sequence_number(record: Record) -> str:
    """Return the number to deliver from; an empty one makes Lambda deliver the whole batch."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return ""
