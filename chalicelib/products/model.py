"""
A product, and its JSON representation. Knows neither HTTP nor storage.

Free of Pydantic: reading a product that DynamoDB holds needs no validation.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.resources.listing import Index
from chalicelib.resources.representation import Representation, render


class Product(NamedTuple):
    """
    A product and its history.

    `version` rises with every write. A new product starts at the milliseconds since 1970, so that
    a product made again under an old id never repeats a version that a client may still hold.
    """

    id: str
    name: str
    description: str
    price: Decimal
    stock_quantity: int
    version: int
    created_at: datetime
    updated_at: datetime
    category: str | None = None


BY_CATEGORY: Final = Index("category-price", partition="category", sort="price")


def represent(product: Product) -> Representation:
    """Return the product as clients read it. The one place that makes its JSON."""
    # A float is exact here: a price has at most 14 digits, and a double keeps 15.
    fields = {
        "id": product.id,
        "name": product.name,
        "description": product.description,
        "price": float(product.price),
        "stock_quantity": product.stock_quantity,
    }
    if product.category is not None:
        fields["category"] = product.category
    return render(product.version, product.updated_at, fields)
