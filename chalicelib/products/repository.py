"""
Products in DynamoDB: conditional writes, pages. Knows neither HTTP nor Redis.

Every read of a product is consistent. A write may be sent twice, when an answer is lost; then a
condition that fails may be our own first try's doing, which `ConditionNotMet.is_ours` tells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib.dynamodb.cursors import Cursors
from chalicelib.dynamodb.retries import ConditionNotMet, Retries
from chalicelib.errors import KeyReused, ProductExists, ProductNotFound, StoreUnavailable
from chalicelib.products.items import (
    FINGERPRINT,
    INDEX,
    Expression,
    Item,
    category_request,
    index_key,
    key,
    readable,
    to_item,
    to_product,
)
from chalicelib.products.model import CategoryQuery, Product
from chalicelib.resource import NO_PRECONDITION, Precondition

BATCH_WRITE_LIMIT: Final = 25
"""Items that one BatchWriteItem takes."""
_BATCH_PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
_BATCH_SECONDS: Final = 2.0
"""After these, what a batch has not read is not asked for again."""
_ALL: Final = "all products"
"""The query that a cursor of the whole listing belongs to."""


class DynamoDB(Protocol):
    """The calls that the repository makes, as botocore's client offers them."""

    def get_item(self, **request: Any) -> dict[str, Any]: ...
    def put_item(self, **request: Any) -> dict[str, Any]: ...
    def update_item(self, **request: Any) -> dict[str, Any]: ...
    def delete_item(self, **request: Any) -> dict[str, Any]: ...
    def batch_get_item(self, **request: Any) -> dict[str, Any]: ...
    def batch_write_item(self, **request: Any) -> dict[str, Any]: ...
    def query(self, **request: Any) -> dict[str, Any]: ...
    def scan(self, **request: Any) -> dict[str, Any]: ...


class Repository:
    """The table of products. Any call may raise `StoreUnavailable`, a write `OutcomeUnknown`."""

    def __init__(
        self,
        client: DynamoDB,
        table: str,
        cursors: Cursors,
        retries: Retries,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._table = table
        self._cursors = cursors
        self._retries = retries
        self._now = now

    def get(self, product_id: str) -> Product | None:
        """Return the product as the last acknowledged write left it."""
        answer = self._retries.read(
            self._client.get_item, TableName=self._table, Key=key(product_id), ConsistentRead=True
        )
        return next(readable([answer["Item"]] if "Item" in answer else []), None)

    def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of up to 100 products that exist, as `get` does."""
        found: dict[str, Product] = {}
        wanted = [key(product_id) for product_id in product_ids]
        give_up_at = time.monotonic() + _BATCH_SECONDS
        for pause in _BATCH_PAUSES:
            if not wanted:
                return found
            time.sleep(pause)
            request = {self._table: {"Keys": wanted, "ConsistentRead": True}}
            answer = self._retries.read(self._client.batch_get_item, RequestItems=request)
            products = readable(answer["Responses"].get(self._table, []))
            found |= {product.id: product for product in products}
            wanted = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if time.monotonic() > give_up_at:
                break
        if wanted:
            raise StoreUnavailable("DynamoDB throttles; try again")
        return found

    def add(
        self, product_id: str, fields: Mapping[str, Any], fingerprint: str | None = None
    ) -> Product:
        """
        Store a new product, or raise `ProductExists`.

        With a fingerprint, return the product as first made where the same was asked for before,
        and raise `KeyReused` where it was another.
        """
        product = self.new(product_id, fields)
        item = to_item(product) | ({FINGERPRINT: {"S": fingerprint}} if fingerprint else {})
        try:
            self._retries.write(
                self._client.put_item,
                retry_condition={},
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionNotMet as refusal:
            if refusal.is_ours(product.updated_at):
                return product
            return self._first_made(product, refusal.item, fingerprint)
        return product

    def new(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        """Return a product at its first version, without storing it."""
        now = self._now()
        history = {"version": first_version(now), "created_at": now, "updated_at": now}
        return Product(**{"id": product_id, **fields, **history})

    def put_all(self, products: Sequence[Product]) -> Sequence[Product]:
        """
        Store up to 25 products of different ids, whatever is there; return those not stored.

        Their versions start at the present time in ms, so they are above those they replace. For
        want of a condition, a batch that may have been stored is not sent again.
        """
        requests = [{"PutRequest": {"Item": to_item(product)}} for product in products]
        answer = self._retries.write(
            self._client.batch_write_item,
            retry_condition=None,
            RequestItems={self._table: requests},
        )
        left = answer.get("UnprocessedItems", {}).get(self._table, [])
        return [to_product(request["PutRequest"]["Item"]) for request in left]

    def update(
        self,
        product_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> Product:
        """
        Change the fields named, where the precondition holds.

        One UpdateItem, no read. A field set to `None` is removed. Raise `ProductNotFound` (also
        for an item that is no product even so) or `PreconditionFailed`.
        """
        now = self._now()
        expression = Expression(precondition)
        for name, value in changes.items():
            expression.assign(name, value)
        expression.assign("updated_at", now)
        update, retry_condition = expression.update(), expression.unless_since(now)
        try:
            answer = self._retries.write(
                self._client.update_item,
                retry_condition=retry_condition,
                TableName=self._table,
                Key=key(product_id),
                **update,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            item = answer["Attributes"]
        except ConditionNotMet as refusal:
            if not refusal.is_ours(now):
                raise refusal.to_catalog_error(product_id) from None
            item = refusal.item
        for product in readable([item]):
            return product
        raise ProductNotFound(product_id)

    def remove(self, product_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        """Delete the product, where the precondition holds. Raise as `update` does."""
        expression = Expression(precondition)
        try:
            self._retries.write(
                self._client.delete_item,
                retry_condition=expression.unless_since(self._now()),
                TableName=self._table,
                Key=key(product_id),
                **expression.delete(),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionNotMet as refusal:
            if refusal.repeated and not refusal.item:
                return
            raise refusal.to_catalog_error(product_id) from None

    def scan(self, limit: int, cursor: str | None = None) -> tuple[list[Product], str | None]:
        """
        Return up to `limit` products after `cursor`, in the table's own order, and the next cursor.

        At most 1 MB, as one Scan gives, so the page may be short and yet have a next one: what a
        Lambda may answer is bounded too. Raise `InvalidCursor`.
        """
        request: dict[str, Any] = {"Limit": limit + 1, "ConsistentRead": True}
        if cursor is not None:
            (last,) = self._cursors.open(_ALL, cursor)
            request["ExclusiveStartKey"] = key(last)
        answer = self._retries.read(self._client.scan, TableName=self._table, **request)
        items, last_item = _page(answer, limit)
        next_cursor = self._cursors.seal(_ALL, [last_item["id"]["S"]]) if last_item else None
        return list(readable(items)), next_cursor

    def query(
        self, query: CategoryQuery, limit: int, cursor: str | None = None
    ) -> tuple[dict[str, Decimal], str | None]:
        """
        Return the prices of up to `limit` products of a category, in order, and the next cursor.

        From an index that DynamoDB brings up to date a moment after a write: whoever must not show
        what has moved on reads the products themselves. Raise `InvalidCursor`.
        """
        request = category_request(query) | {"Limit": limit + 1}
        if cursor is not None:
            last, price = self._cursors.open(repr(query), cursor)
            request["ExclusiveStartKey"] = index_key(last, query.category, price)
        answer = self._retries.read(
            self._client.query, TableName=self._table, IndexName=INDEX, **request
        )
        items, last_item = _page(answer, limit)
        position = [last_item["id"]["S"], last_item["price"]["N"]] if last_item else None
        next_cursor = self._cursors.seal(repr(query), position) if position else None
        return {item["id"]["S"]: Decimal(item["price"]["N"]) for item in items}, next_cursor

    def all(self) -> Iterator[Product]:
        """Go through the whole table, a Scan of 1 MB at a time."""
        start: dict[str, Any] = {}
        while True:
            answer = self._retries.read(
                self._client.scan, TableName=self._table, ConsistentRead=True, **start
            )
            yield from readable(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def ping(self) -> None:
        """Raise `StoreUnavailable` where the table does not answer at once, for any reason."""
        try:
            self._client.get_item(TableName=self._table, Key=key("health"))
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise StoreUnavailable("DynamoDB refused") from error

    def _first_made(self, product: Product, item: Item, fingerprint: str | None) -> Product:
        """Return `product` as the request before this one made it, or raise."""
        if fingerprint is None or FINGERPRINT not in item:
            raise ProductExists(product.id)
        if item[FINGERPRINT]["S"] != fingerprint:
            raise KeyReused
        made = to_product(item).created_at
        return product._replace(version=first_version(made), created_at=made, updated_at=made)


def first_version(moment: datetime) -> int:
    """Return the version of a product made at `moment`: above all that its id had before."""
    return int(moment.timestamp() * 1000)


def _page(answer: Mapping[str, Any], limit: int) -> tuple[list[Item], Item | None]:
    """Return the items of a page, and the one to go on after, if there are more."""
    items = answer["Items"][:limit]
    if len(answer["Items"]) > limit:
        return items, items[-1]
    return items, answer.get("LastEvaluatedKey")
