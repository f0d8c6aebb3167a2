"""
The reads of one resource's table: items, batches, pages. Knows no fields.

Every read of an item is consistent: what the cache is filled with must be what was last written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Generic, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib import telemetry
from chalicelib.dynamodb import index
from chalicelib.dynamodb.attributes import Item, Reader, T, key
from chalicelib.dynamodb.cursors import Cursors
from chalicelib.dynamodb.retries import Retries
from chalicelib.errors import StoreUnavailable
from chalicelib.resources import Resource
from chalicelib.resources.listing import IndexQuery

_BATCH_PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
_BATCH_SECONDS: Final = 2.0
"""After these, what a batch has not read is not requested again."""


class DynamoDB(Protocol):
    """The calls that are made, as botocore's client offers them."""

    def get_item(self, **request: Any) -> dict[str, Any]: ...
    def put_item(self, **request: Any) -> dict[str, Any]: ...
    def update_item(self, **request: Any) -> dict[str, Any]: ...
    def delete_item(self, **request: Any) -> dict[str, Any]: ...
    def batch_get_item(self, **request: Any) -> dict[str, Any]: ...
    def batch_write_item(self, **request: Any) -> dict[str, Any]: ...
    def query(self, **request: Any) -> dict[str, Any]: ...
    def scan(self, **request: Any) -> dict[str, Any]: ...


class TableReads(Generic[T]):
    """
    A table, and the `NamedTuple` of its items. Any call may raise `StoreUnavailable`.

    A malformed item (one written past the API, for example without a price) is logged and treated
    as missing.
    """

    def __init__(
        self,
        client: DynamoDB,
        table: str,
        *,
        resource: Resource,
        kind: type[T],
        cursors: Cursors,
        retries: Retries,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._table = table
        self._resource = resource
        self._kind = kind
        self._reader = Reader(kind)
        self._cursors = cursors
        self._retries = retries
        self._now = now

    def get(self, item_id: str) -> T | None:
        """Return the item as the last acknowledged write left it."""
        answer = self._retries.read(
            self._client.get_item, TableName=self._table, Key=key(item_id), ConsistentRead=True
        )
        return next(self._readable([answer["Item"]] if "Item" in answer else []), None)

    def get_many(self, item_ids: Sequence[str]) -> dict[str, T]:
        """Return those of up to 100 items that exist, as `get` does."""
        found: dict[str, T] = {}
        wanted = [key(item_id) for item_id in item_ids]
        give_up_at = time.monotonic() + _BATCH_SECONDS
        for pause in _BATCH_PAUSES:
            if not wanted:
                return found
            time.sleep(pause)
            request = {self._table: {"Keys": wanted, "ConsistentRead": True}}
            answer = self._retries.read(self._client.batch_get_item, RequestItems=request)
            items = self._readable(answer["Responses"].get(self._table, []))
            found |= {item.id: item for item in items}
            wanted = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if time.monotonic() > give_up_at:
                break
        if wanted:
            raise StoreUnavailable("DynamoDB throttles; try again")
        return found

    def scan(self, limit: int, cursor: str | None = None) -> tuple[list[T], str | None]:
        """
        Return up to `limit` items after `cursor`, in the table's own order, and the next cursor.

        At most 1 MB, as one Scan gives, so the page may be short and yet have a next one: what a
        Lambda may answer is bounded too. Raise `InvalidCursor`.
        """
        listing = f"all {self._resource.name}"
        request: dict[str, Any] = {"Limit": limit + 1, "ConsistentRead": True}
        if cursor is not None:
            (last,) = self._cursors.open(listing, cursor)
            request["ExclusiveStartKey"] = key(last)
        answer = self._retries.read(self._client.scan, TableName=self._table, **request)
        items, last_item = page(answer, limit)
        next_cursor = self._cursors.seal(listing, [last_item["id"]["S"]]) if last_item else None
        return list(self._readable(items)), next_cursor

    def query(
        self, query: IndexQuery, limit: int, cursor: str | None = None
    ) -> tuple[Mapping[str, Decimal], str | None]:
        """
        Return the numbers of up to `limit` items of an index, in order, and the next cursor.

        The index follows a write a moment later. To show no outdated item, read the items
        themselves. Raise `InvalidCursor`.
        """
        listing = f"{self._resource.name} {query!r}"
        request: dict[str, Any] = {**index.request(query), "Limit": limit + 1}
        if cursor is not None:
            start = index.start_key(query, self._cursors.open(listing, cursor))
            request["ExclusiveStartKey"] = start
        answer = self._retries.read(self._client.query, TableName=self._table, **request)
        items, last = page(answer, limit)
        next_cursor = self._cursors.seal(listing, index.position(query, last)) if last else None
        return index.numbers(query, items), next_cursor

    def all(self) -> Iterator[T]:
        """Yield every item of the table, from a Scan of 1 MB at a time."""
        start: dict[str, Any] = {}
        while True:
            answer = self._retries.read(
                self._client.scan, TableName=self._table, ConsistentRead=True, **start
            )
            yield from self._readable(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def ping(self) -> None:
        """Raise `StoreUnavailable` where the table does not answer at once, for any reason."""
        try:
            self._client.get_item(TableName=self._table, Key=key("health"))
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise StoreUnavailable("DynamoDB refused") from error

    def _readable(self, items: Iterable[Item]) -> Iterator[T]:
        for item in items:
            try:
                yield self._reader.read(item)
            except (KeyError, ValueError, ArithmeticError) as error:
                telemetry.warning(
                    "malformed item",
                    item=item["id"]["S"],
                    missing_fields=self._reader.missing(item),
                    fault=type(error).__name__,
                )


def page(answer: Mapping[str, Any], limit: int) -> tuple[list[Item], Item | None]:
    """Return the items of a page, and the one to go on after, if there are more."""
    items = answer["Items"][:limit]
    if len(answer["Items"]) > limit:
        return items, items[-1]
    return items, answer.get("LastEvaluatedKey")
