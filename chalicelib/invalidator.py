"""
From the table's stream to the cache: which keys to delete. Knows neither Chalice nor Redis.

The last line of defence: whatever a writer could not delete, because Redis was out of reach or
the writer died, is deleted when the stream delivers that write. So is what was edited past the API.
"""

from __future__ import annotations

import time
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
        telemetry.count("DeadLetters")


class Invalidator:
    """
    Deletes the entries behind a batch of stream records.

    `invalidate` takes a product's id, spares a fence, and raises `CacheUnavailable`.
    """

    def __init__(
        self,
        invalidate: Callable[[str], None],
        dead_letters: DeadLetters,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._invalidate = invalidate
        self._dead_letters = dead_letters
        self._clock = clock

    def process(self, records: Sequence[Record]) -> dict[str, list[dict[str, str]]]:
        """
        Return the partial batch response: the first record that must be delivered again, if any.

        Lambda delivers that one and all after it again, so none is tried further.
        Source: "Configuring partial batch response with DynamoDB and Lambda", AWS Lambda guide.
        """
        done: dict[str, None] = {}
        failed = self._process(records, done)
        telemetry.count("StreamInvalidations", len(done))
        lag = self._lag_seconds(records)
        telemetry.invalidated(lag, records=len(records), product_ids=list(done))
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _process(self, records: Sequence[Record], done: dict[str, None]) -> list[str]:
        """Delete the entry of each record's product once; return where to deliver from again."""
        for record in records:
            try:
                self._delete(record, done)
            except Unavailable as error:
                telemetry.warning("cache invalidation delayed", reason=str(error))
                telemetry.count("InvalidationsDelayed")
                return [_sequence_number(record)]
        return []

    def _delete(self, record: Record, done: dict[str, None]) -> None:
        product_id = _product_id(record)
        if product_id is None:
            self._dead_letters.send(record, "a record without a product id")
        elif product_id not in done:
            self._invalidate(product_id)
            done[product_id] = None

    def _lag_seconds(self, records: Sequence[Record]) -> float | None:
        """Return the age of the oldest record, to the second: DynamoDB tells it no finer."""
        moments = [moment for record in records if (moment := _moment(record)) is not None]
        return max(self._clock() - min(moments), 0.0) if moments else None


def _product_id(record: Record) -> str | None:
    try:
        product_id = record["dynamodb"]["Keys"]["id"]["S"]
    except (KeyError, TypeError):
        return None
    return product_id if isinstance(product_id, str) else None


def _moment(record: Record) -> float | None:
    """Return when the record was written, in seconds since 1970."""
    try:
        return float(record["dynamodb"]["ApproximateCreationDateTime"])
    except (KeyError, TypeError, ValueError):
        return None


def _sequence_number(record: Record) -> str:
    """Return the number to deliver from; an empty one makes Lambda deliver the whole batch."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return ""
