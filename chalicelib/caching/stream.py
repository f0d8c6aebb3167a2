"""
From the tables' streams to the cache: which entries to delete. Knows neither Chalice nor Redis.

The last line of defence: an entry that a writer could not delete, because Redis was unavailable or
the writer died, is deleted when the stream delivers that write. So is one that was changed past
the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import telemetry
from chalicelib.caching.entries import NEGATIVE
from chalicelib.errors import CacheUnavailable
from chalicelib.resources import Resource

Record = Mapping[str, Any]
Image = Mapping[str, Any]
"""A record's `NewImage`: the item after the change."""


class Invalidator:
    """
    Deletes the entries of one resource that a batch of stream records has outdated.

    `invalidate` takes the entry that is right for each item's id, or `None` where none is known.
    It tries each, returns how many it deleted, and raises `CacheUnavailable`. `entry_of` returns
    the entry of an image, and raises any error for an image that is malformed.
    """

    def __init__(
        self,
        resource: Resource,
        invalidate: Callable[[Mapping[str, bytes | None]], int],
        entry_of: Callable[[Image], bytes],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._resource = resource
        self._invalidate = invalidate
        self._entry_of = entry_of
        self._clock = clock

    def process(self, records: Sequence[Record]) -> None:
        """
        Invalidate each item of the batch once: of several records, the last decides.

        Raise `CacheUnavailable`, after all were tried. Lambda then delivers the batch again, with
        and without `ReportBatchItemFailures`; invalidating twice does no harm. A record without an
        id is logged and counted: it would never succeed, and block its shard.
        """
        entries: dict[str, bytes | None] = {}
        for record in records:
            item_id = _item_id(record)
            if item_id is None:
                log_malformed(record)
            else:
                entries[item_id] = self._entry(record)
        try:
            telemetry.count("StreamInvalidations", self._invalidate(entries))
        except CacheUnavailable as error:
            telemetry.warning("cache invalidation delayed", reason=str(error))
            telemetry.count("InvalidationsDelayed")
            raise
        finally:
            telemetry.invalidated(
                self._lag_seconds(records),
                resource=self._resource.name,
                records=len(records),
                item_ids=list(entries),
            )

    def _entry(self, record: Record) -> bytes | None:
        """Return the entry that is right after this change, where the record shows it."""
        if record.get("eventName") == "REMOVE":
            return NEGATIVE
        try:
            return self._entry_of(record["dynamodb"]["NewImage"])
        except Exception:  # noqa: BLE001 — no image, or a malformed one: no entry is right
            return None

    def _lag_seconds(self, records: Sequence[Record]) -> float | None:
        """Return the age of the oldest record, in whole seconds, as DynamoDB gives it."""
        moments = [moment for record in records if (moment := _moment(record)) is not None]
        return max(self._clock() - min(moments), 0.0) if moments else None


def table_of(record: Record) -> str | None:
    """Return the table whose stream delivered the record, from the stream's ARN."""
    arn = record.get("eventSourceARN") if isinstance(record, Mapping) else None
    parts = str(arn).split("/")
    return parts[1] if len(parts) > 2 and parts[0].endswith(":table") else None


def log_malformed(record: Record) -> None:
    """Log the record's own id. Its content may be private."""
    event_id = record.get("eventID") if isinstance(record, Mapping) else None
    telemetry.warning("malformed stream record", event_id=str(event_id))
    telemetry.count("MalformedRecords")


def _item_id(record: Record) -> str | None:
    try:
        item_id = record["dynamodb"]["Keys"]["id"]["S"]
        item_id.encode()  # else there is no key of it
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return str(item_id)


def _moment(record: Record) -> float | None:
    """Return when the record was written, in seconds since 1970."""
    try:
        return float(record["dynamodb"]["ApproximateCreationDateTime"])
    except (KeyError, TypeError, ValueError):
        return None
