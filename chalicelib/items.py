"""A product as DynamoDB keeps it: items, attributes, and the expressions that change them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.product import Product

Item = dict[str, Any]


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
        version=int(item["version"]["N"]),
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        updated_at=datetime.fromisoformat(item["updated_at"]["S"]),
    )


class Expression:
    """An update's assignments and its condition, names and values put in by placeholders."""

    def __init__(self, versions: Collection[int] | None) -> None:
        self.condition = "attribute_exists(id)"
        self.names: dict[str, str] = {}
        self.values: Item = {}
        self._set: list[str] = []
        self._remove: list[str] = []
        if versions is not None:
            # No item is at version 0: a list without one of our versions matches none.
            wanted = {f":version{n}": {"N": str(v)} for n, v in enumerate(versions or [0])}
            self.condition += f" AND version IN ({', '.join(wanted)})"
            self.values.update(wanted)

    def assign(self, name: str, value: object) -> None:
        self.names[f"#{name}"] = name
        if value is None:
            self._remove.append(f"#{name}")
        else:
            self._set.append(f"#{name} = :{name}")
            self.values[f":{name}"] = attribute(value)

    def update(self) -> str:
        """Return the update expression; `:one` raises the version."""
        remove = f" REMOVE {', '.join(self._remove)}" if self._remove else ""
        return f"SET {', '.join(self._set)}{remove} ADD version :one"
