"""
Products in DynamoDB: items, conditional writes, pages, cursors. Knows neither HTTP nor Redis.

Every read is consistent. A write may be sent twice: botocore repeats it when an answer is lost,
so a condition that fails on a repeat may be our own first try's doing; `_is_ours` tells.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import telemetry
from chalicelib.errors import (
    InvalidCursor,
    OutcomeUnknown,
    ProductExists,
    ProductNotFound,
    StoreUnavailable,
    VersionMismatch,
)
from chalicelib.items import Expression, Item, attribute, key, to_item, to_product
from chalicelib.product import Page, Product, is_product_id

BATCH_WRITE_LIMIT: Final = 25
"""Items that one BatchWriteItem takes."""
_THROTTLED: Final = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}


class DynamoDB(Protocol):
    """The calls that the repository makes, as botocore's client offers them."""

    def get_item(self, **request: Any) -> dict[str, Any]: ...
    def put_item(self, **request: Any) -> dict[str, Any]: ...
    def update_item(self, **request: Any) -> dict[str, Any]: ...
    def delete_item(self, **request: Any) -> dict[str, Any]: ...
    def batch_write_item(self, **request: Any) -> dict[str, Any]: ...
    def scan(self, **request: Any) -> dict[str, Any]: ...


class Repository:
    """The table of products. Any call may raise `StoreUnavailable`, a write `OutcomeUnknown`."""

    def __init__(
        self,
        client: DynamoDB,
        table: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._table = table
        self._now = now

    def get(self, product_id: str) -> Product | None:
        """Return the product as the last acknowledged write left it."""
        with _reading():
            answer = self._client.get_item(
                TableName=self._table, Key=key(product_id), ConsistentRead=True
            )
        return to_product(answer["Item"]) if "Item" in answer else None

    def add(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        """Store a new product. Raise `ProductExists`."""
        product = self.new(product_id, fields)
        try:
            with _writing():
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(product),
                    ConditionExpression="attribute_not_exists(id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except _Refused as refusal:
            if not refusal.is_ours(product.updated_at):
                raise ProductExists(product_id) from None
        return product

    def new(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        """Return a product at its first version, without storing it."""
        now = self._now()
        return Product(
            id=product_id,
            name=fields["name"],
            description=fields["description"],
            price=fields["price"],
            stock_quantity=fields["stock_quantity"],
            category=fields.get("category"),
            version=int(now.timestamp() * 1000),
            created_at=now,
            updated_at=now,
        )

    def put_all(self, products: Sequence[Product]) -> Sequence[Product]:
        """
        Store up to 25 products of different ids, whatever is there; return those not stored.

        Their versions start at the present time in ms, so they are above those they replace.
        """
        requests = [{"PutRequest": {"Item": to_item(product)}} for product in products]
        with _writing():
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
        left = answer.get("UnprocessedItems", {}).get(self._table, [])
        return [to_product(request["PutRequest"]["Item"]) for request in left]

    def update(
        self, product_id: str, changes: Mapping[str, Any], versions: Collection[int] | None = None
    ) -> Product:
        """
        Change the fields named, where the product is at one of `versions` (`None`: at any).

        One UpdateItem, no read. A field set to `None` is removed. Raise `ProductNotFound` or
        `VersionMismatch`.
        """
        now = self._now()
        expression = Expression(versions)
        for name, value in changes.items():
            expression.assign(name, value)
        expression.assign("updated_at", now)
        try:
            with _writing():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=key(product_id),
                    UpdateExpression=expression.update(),
                    ConditionExpression=expression.condition,
                    ExpressionAttributeNames=expression.names,
                    ExpressionAttributeValues=expression.values | {":one": {"N": "1"}},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except _Refused as refusal:
            if refusal.is_ours(now):
                return to_product(refusal.item)
            raise refusal.told_of(product_id) from None
        return to_product(answer["Attributes"])

    def remove(self, product_id: str, versions: Collection[int] | None = None) -> None:
        """Delete the product, where it is at one of `versions`. Raise as `update` does."""
        expression = Expression(versions)
        values = {"ExpressionAttributeValues": expression.values} if expression.values else {}
        try:
            with _writing():
                self._client.delete_item(
                    TableName=self._table,
                    Key=key(product_id),
                    ConditionExpression=expression.condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **values,
                )
        except _Refused as refusal:
            if refusal.repeated and not refusal.item:
                return
            raise refusal.told_of(product_id) from None

    def query(self, limit: int, cursor: str | None = None) -> Page:
        """
        Return up to `limit` products after `cursor`, in the table's own order.

        At most 1 MB, as one Scan gives, so the page may be short and yet have a next one: what a
        Lambda may answer is bounded too. Raise `InvalidCursor`.
        """
        start = {"ExclusiveStartKey": key(_id_in(cursor))} if cursor is not None else {}
        with _reading():
            answer = self._client.scan(
                TableName=self._table, Limit=limit + 1, ConsistentRead=True, **start
            )
        items = answer["Items"][:limit]
        more = len(answer["Items"]) > limit or "LastEvaluatedKey" in answer
        last = items[-1] if items else answer.get("LastEvaluatedKey")
        return Page(
            products=tuple(map(to_product, items)),
            next_cursor=_cursor(last["id"]["S"]) if more and last else None,
        )

    def all(self) -> Iterator[Product]:
        """Go through the whole table, a Scan of 1 MB at a time."""
        start: dict[str, Any] = {}
        while True:
            with _reading():
                answer = self._client.scan(TableName=self._table, ConsistentRead=True, **start)
            yield from map(to_product, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def ping(self) -> None:
        """Raise `StoreUnavailable` where the table does not answer, for whatever reason."""
        try:
            with _reading():
                self._client.get_item(TableName=self._table, Key=key("health"))
        except ClientError as error:
            raise StoreUnavailable("DynamoDB refused") from error


class _Refused(Exception):
    """A condition was not met. `item` is what stands there; `repeated`: not on the first try."""

    def __init__(self, error: ClientError) -> None:
        response: Any = error.response
        self.item: Item = response.get("Item", {})
        self.repeated = bool(response["ResponseMetadata"].get("RetryAttempts"))

    def is_ours(self, moment: datetime) -> bool:
        """Tell whether what stands there was written by our own first try, at `moment`."""
        return self.repeated and self.item.get("updated_at") == attribute(moment)

    def told_of(self, product_id: str) -> ProductNotFound | VersionMismatch:
        return VersionMismatch(product_id) if self.item else ProductNotFound(product_id)


@contextmanager
def _reading() -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and not _is_passing(error):
            raise
        raise StoreUnavailable("DynamoDB does not answer; try again") from error
    finally:
        telemetry.spent("db", time.perf_counter() - started)


@contextmanager
def _writing() -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise _Refused(error) from error
        if not _is_passing(error):
            raise
        repeated = error.response["ResponseMetadata"].get("RetryAttempts")
        if error.response["Error"]["Code"] in _THROTTLED and not repeated:
            raise StoreUnavailable("DynamoDB throttles; try again") from error
        raise OutcomeUnknown("DynamoDB does not answer; the write may have been made") from error
    except BotoCoreError as error:
        raise OutcomeUnknown("DynamoDB does not answer; the write may have been made") from error
    finally:
        telemetry.spent("db", time.perf_counter() - started)


def _is_passing(error: ClientError) -> bool:
    """Tell whether the same call may succeed later."""
    status: int = error.response["ResponseMetadata"].get("HTTPStatusCode", 500)
    return status >= 500 or error.response["Error"]["Code"] in _THROTTLED


def _cursor(product_id: str) -> str:
    return base64.urlsafe_b64encode(product_id.encode()).decode().rstrip("=")


def _id_in(cursor: str) -> str:
    try:
        product_id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if not is_product_id(product_id.decode("ascii", "replace")):
        raise InvalidCursor
    return product_id.decode()
