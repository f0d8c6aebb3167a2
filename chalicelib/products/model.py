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


SCHEMA: Final = 2
"""
The number of this JSON in the cache. Raise it with every change of the fields or of `represent`:
a cached entry of another number is a miss.
"""
_IN_HEADERS: Final = frozenset({"version", "created_at", "updated_at"})


BY_CATEGORY: Final = Index("category-price", partition="category", sort="price")


def represent(product: Product) -> Representation:
    """
    Return the product as clients read it. The one place that makes its JSON.

    Every field of `Product` is in it, in that order, but its history and what is `None`.
    """
    fields = {
        name: value
        for name, value in product._asdict().items()
        if value is not None and name not in _IN_HEADERS
    }
    # A float is exact here: a price has at most 14 digits, and a double keeps 15.
    fields["price"] = float(product.price)
    return render(product.version, product.updated_at, fields)
