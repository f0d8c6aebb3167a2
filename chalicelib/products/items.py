"""A product as DynamoDB keeps it: items, attributes, and the expressions that change them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib import telemetry
from chalicelib.products.model import CategoryQuery, Product
from chalicelib.resource import Precondition

Item = dict[str, Any]

INDEX: Final = "category-price"
"""The index of `infra/table.yaml`. Holds keys only: a write to other fields does not touch it."""
FINGERPRINT: Final = "fingerprint"
"""The attribute that tells what an idempotent request asked for."""


_NEEDED: Final = {"name", "description", "price", "stock_quantity"}
# Of an item that was made past the API. The first update gives it a version.
_UNVERSIONED: Final = {"N": "0"}
_LONG_AGO: Final = {"S": "1970-01-01T00:00:00+00:00"}


def key(product_id: str) -> Item:
    """Return the table's key of a product."""
    return {"id": {"S": product_id}}


def to_item(product: Product) -> Item:
    """Return the item to store; what is `None` is left out."""
    return {
        name: attribute(value) for name, value in product._asdict().items() if value is not None
    }


def attribute(value: object) -> dict[str, str]:
    """Return a value as DynamoDB types it: numbers as exact text, moments as ISO 8601."""
    if isinstance(value, datetime):
        return {"S": value.isoformat(timespec="microseconds")}
    if isinstance(value, (int, Decimal)):
        return {"N": format(value, "f") if isinstance(value, Decimal) else str(value)}
    return {"S": str(value)}


def to_product(item: Item) -> Product:
    """Return the product that an item holds."""
    return Product(
        id=item["id"]["S"],
        name=item["name"]["S"],
        description=item["description"]["S"],
        price=Decimal(item["price"]["N"]),
        stock_quantity=int(item["stock_quantity"]["N"]),
        category=item["category"]["S"] if "category" in item else None,
        version=int(item.get("version", _UNVERSIONED)["N"]),
        created_at=_moment(item.get("created_at", _LONG_AGO)["S"]),
        updated_at=_moment(item.get("updated_at", _LONG_AGO)["S"]),
    )


def _moment(text: str) -> datetime:
    """Return a time in UTC, as HTTP's dates need it. Raise `ValueError` if it has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)


def readable(items: Iterable[Item]) -> Iterator[Product]:
    """
    Yield the products that items hold; tell the log of one that holds none, and pass it over.

    Only who writes past the API makes such an item: one that lacks its price, say. To readers it is
    not there until it is whole, so that it costs nobody else's product.
    """
    for item in items:
        try:
            yield to_product(item)
        except (KeyError, ValueError, ArithmeticError) as error:
            missing = sorted(_NEEDED - item.keys())
            fault = type(error).__name__
            telemetry.warning(
                "malformed item", item=item["id"]["S"], missing_fields=missing, fault=fault
            )


def index_key(product_id: str, category: str, price: str) -> Item:
    """Return the index's key of a product."""
    return key(product_id) | {"category": attribute(category), "price": {"N": price}}


def category_request(query: CategoryQuery) -> dict[str, Any]:
    """Return the part of a Query that says which products, and in which order."""
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


class Expression:
    """A write's assignments and its condition, names and values put in by placeholders."""

    def __init__(self, precondition: Precondition) -> None:
        self._names: dict[str, str] = {}
        self._values: Item = {}
        self._set: list[str] = []
        self._remove: list[str] = []
        self._condition = " AND ".join(["attribute_exists(id)", *self._requirements(precondition)])

    def _requirements(self, precondition: Precondition) -> Iterator[str]:
        """Yield what the present item must meet. One made past the API may have no history."""
        if precondition.versions is not None:
            yield self._is_at(precondition.versions, "v")
        if precondition.not_versions:
            yield f"NOT {self._is_at(precondition.not_versions, 'n')}"
        if precondition.unmodified_since is not None:
            # An HTTP date stands for its whole second.
            second = precondition.unmodified_since.replace(microsecond=999_999)
            self._values[":second"] = attribute(second)
            yield "(attribute_not_exists(updated_at) OR updated_at <= :second)"

    def _is_at(self, versions: Collection[int], prefix: str) -> str:
        """Return the test for one of `versions`; an item without a version is at version 0."""
        values = {f":{prefix}{n}": attribute(version) for n, version in enumerate(versions)}
        if not values:
            return "attribute_not_exists(id)"  # never, beside `attribute_exists(id)`
        self._values |= values
        test = f"version IN ({', '.join(values)})"
        return f"(attribute_not_exists(version) OR {test})" if 0 in versions else test

    def assign(self, name: str, value: object) -> None:
        """Set an attribute, or remove it where `value` is `None`."""
        self._names[f"#{name}"] = name
        if value is None:
            self._remove.append(f"#{name}")
        else:
            self._set.append(f"#{name} = :{name}")
            self._values[f":{name}"] = attribute(value)

    def unless_since(self, moment: datetime) -> dict[str, Any]:
        """Return what to change so that the write leaves alone what was written after `moment`."""
        unless = "(attribute_not_exists(updated_at) OR updated_at < :moment)"
        return {
            "ConditionExpression": f"{self._condition} AND {unless}",
            "ExpressionAttributeValues": self._values | {":moment": attribute(moment)},
        }

    def update(self) -> dict[str, Any]:
        """Return what UpdateItem takes. Raises the version by one."""
        self._values[":one"] = attribute(1)
        remove = f" REMOVE {', '.join(self._remove)}" if self._remove else ""
        return {
            "UpdateExpression": f"SET {', '.join(self._set)}{remove} ADD version :one",
            "ConditionExpression": self._condition,
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": self._values,
        }

    def delete(self) -> dict[str, Any]:
        """Return what DeleteItem takes: it may hold no values that no condition names."""
        values = {"ExpressionAttributeValues": self._values} if self._values else {}
        return {"ConditionExpression": self._condition, **values}
