"""
Products in DynamoDB: what their table has beside that of any resource, the index by category.

Knows neither HTTP nor Redis.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from chalicelib.dynamodb.attributes import Item, attribute, key
from chalicelib.dynamodb.reads import page
from chalicelib.dynamodb.table import Table
from chalicelib.products.model import CategoryQuery, Product

INDEX: Final = "category-price"
"""
The index of `infra/tables/products.yaml`. It holds keys only: a write to other fields does not
touch it.
"""


class Repository(Table[Product]):
    """The table of products."""

    def query(
        self, query: CategoryQuery, limit: int, cursor: str | None = None
    ) -> tuple[dict[str, Decimal], str | None]:
        """
        Return the prices of up to `limit` products of a category, in order, and the next cursor.

        The index follows a write a moment later. To show no outdated product, read the products
        themselves. Raise `InvalidCursor`.
        """
        request = _request(query) | {"Limit": limit + 1}
        if cursor is not None:
            last, price = self._cursors.open(repr(query), cursor)
            request["ExclusiveStartKey"] = _index_key(last, query.category, price)
        answer = self._retries.read(
            self._client.query, TableName=self._table, IndexName=INDEX, **request
        )
        items, last_item = page(answer, limit)
        position = [last_item["id"]["S"], last_item["price"]["N"]] if last_item else None
        next_cursor = self._cursors.seal(repr(query), position) if position else None
        return {item["id"]["S"]: Decimal(item["price"]["N"]) for item in items}, next_cursor


def _index_key(product_id: str, category: str, price: str) -> Item:
    return key(product_id) | {"category": attribute(category), "price": {"N": price}}


def _request(query: CategoryQuery) -> dict[str, Any]:
    """Return the part of a Query that selects and orders the products."""
    condition, values = "category = :category", {":category": attribute(query.category)}
    low, high = query.min_price, query.max_price
    if low is not None:
        values[":low"] = attribute(low)
    if high is not None:
        values[":high"] = attribute(high)
    if low is not None and high is not None:
        condition += " AND price BETWEEN :low AND :high"
    elif low is not None:
        condition += " AND price >= :low"
    elif high is not None:
        condition += " AND price <= :high"
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not query.descending,
    }
