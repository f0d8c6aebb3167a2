"""The Query of an index: its request, and the position that a cursor holds. Knows no resource."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chalicelib.dynamodb.attributes import Item, attribute, key
from chalicelib.dynamodb.cursors import Position
from chalicelib.resources.listing import IndexQuery


def request(query: IndexQuery) -> dict[str, Any]:
    """Return the part of a Query that selects and orders the items."""
    condition, values = "#partition = :value", {":value": attribute(query.value)}
    if query.low is not None:
        values[":low"] = attribute(query.low)
    if query.high is not None:
        values[":high"] = attribute(query.high)
    names = {"#partition": query.by.partition}
    if query.low is not None and query.high is not None:
        condition += " AND #sort BETWEEN :low AND :high"
    elif query.low is not None:
        condition += " AND #sort >= :low"
    elif query.high is not None:
        condition += " AND #sort <= :high"
    if len(values) > 1:
        names["#sort"] = query.by.sort
    return {
        "IndexName": query.by.name,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not query.descending,
    }


def start_key(query: IndexQuery, position: Position) -> Item:
    """Return where a Query goes on: after the item at `position`."""
    item_id, number = position
    by = query.by
    return key(item_id) | {by.partition: attribute(query.value), by.sort: {"N": number}}


def position(query: IndexQuery, item: Item) -> Position:
    """Return what a cursor has to hold to go on after `item`."""
    return [item["id"]["S"], item[query.by.sort]["N"]]


def numbers(query: IndexQuery, items: list[Item]) -> Mapping[str, Decimal]:
    """Return the items' ids and numbers, in order."""
    return {item["id"]["S"]: Decimal(item[query.by.sort]["N"]) for item in items}
