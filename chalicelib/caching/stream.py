"""
From the table's stream to the cache: which entries to delete. Knows neither Chalice nor Redis.

The last line of defence: whatever a writer could not delete, because Redis was out of reach or
the writer died, is deleted when the stream delivers that write. So is what was edited past the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import telemetry
from chalicelib.errors import CacheUnavailable
from chalicelib.products.items import to_product
from chalicelib.products.model import Representation, represent

Record = Mapping[str, Any]


class Invalidator:
    """
    Deletes the entries behind a batch of stream records, but for those that are right already.

    `invalidate` takes the entry that is right for each product's id, or `None` where none is known.
    It tries each, returns how many it deleted, and raises `CacheUnavailable`. `entry_of` renders a
    product, or that there is none, as the cache does.
    """

    def __init__(
        self,
        invalidate: Callable[[Mapping[str, bytes | None]], int],
        entry_of: Callable[[Representation | None], bytes],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._invalidate = invalidate
        self._entry_of = entry_of
        self._clock = clock

    def process(self, records: Sequence[Record]) -> None:
        """
        Invalidate each product of the batch once: of several records, the last decides.

        Raise `CacheUnavailable`, after all were tried. Lambda then delivers the batch again, with
        and without `ReportBatchItemFailures`; invalidating twice does no harm. A record without a
        product's id is logged and counted: it would never succeed, and hold up its shard.
        """
        entries: dict[str, bytes | None] = {}
        for record in records:
            product_id = _product_id(record)
            if product_id is None:
                _malformed(record)
            else:
                entries[product_id] = self._entry(record)
        try:
            telemetry.count("StreamInvalidations", self._invalidate(entries))
        except CacheUnavailable as error:
            telemetry.warning("cache invalidation delayed", reason=str(error))
            telemetry.count("InvalidationsDelayed")
            raise
        finally:
            lag = self._lag_seconds(records)
            telemetry.invalidated(lag, records=len(records), product_ids=list(entries))

    def _entry(self, record: Record) -> bytes | None:
        """Return the entry that is right after this change, where the record shows it."""
        if record.get("eventName") == "REMOVE":
            return self._entry_of(None)
        try:
            return self._entry_of(represent(to_product(record["dynamodb"]["NewImage"])))
        except Exception:  # noqa: BLE001 — no image, or one of no product: no entry is right
            return None

    def _lag_seconds(self, records: Sequence[Record]) -> float | None:
        """Return the age of the oldest record, to the second: DynamoDB tells it no finer."""
        moments = [moment for record in records if (moment := _moment(record)) is not None]
        return max(self._clock() - min(moments), 0.0) if moments else None


def _malformed(record: Record) -> None:
    """Log the record's own id. Its content may be private."""
    event_id = record.get("eventID") if isinstance(record, Mapping) else None
    telemetry.warning("malformed stream record", event_id=str(event_id))
    telemetry.count("MalformedRecords")


def _product_id(record: Record) -> str | None:
    try:
        product_id = record["dynamodb"]["Keys"]["id"]["S"]
        product_id.encode()  # else there is no key of it
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return str(product_id)


def _moment(record: Record) -> float | None:
    """Return when the record was written, in seconds since 1970."""
    try:
        return float(record["dynamodb"]["ApproximateCreationDateTime"])
    except (KeyError, TypeError, ValueError):
        return None
