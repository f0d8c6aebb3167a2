"""
A product as the catalog knows it, and as a client reads it. The one place that makes its JSON.

Free of Pydantic: reading a product that DynamoDB holds needs no validation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Final, NamedTuple

UUID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
"""An id as this catalog makes them: a UUID in lower case."""
VERSION_PATTERN: Final = r"0|[1-9][0-9]{0,37}"
"""A version: up to 38 digits, as DynamoDB's numbers have."""


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


class Representation(NamedTuple):
    """A product ready to send: what goes over the wire, and what the cache holds."""

    version: int
    last_modified: str
    """As HTTP writes dates: `Sun, 22 Nov 2026 16:11:21 GMT`."""
    body: str


class CategoryQuery(NamedTuple):
    """Products of a category, by price; the bounds are inclusive."""

    category: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    descending: bool = False


class Page(NamedTuple):
    """A stretch of a listing, and the cursor of the next one (`None` at the end)."""

    products: tuple[Representation, ...]
    next_cursor: str | None


def is_product_id(text: str) -> bool:
    """Tell whether a product may have `text` as its id. Where not, nobody needs to be asked."""
    return re.fullmatch(UUID_PATTERN, text) is not None


def is_listed(product: Representation, category: str, price: Decimal) -> bool:
    """Return whether a product is in a category at a price. Raise `ValueError` for a forged one."""
    try:
        fields = json.loads(product.body, parse_float=Decimal)
        return (category, price) == (fields.get("category"), fields["price"])
    except (ArithmeticError, KeyError, RecursionError) as error:
        raise ValueError("not a product's JSON") from error


def represent(product: Product) -> Representation:
    """Render `product` as the contract says, text unescaped."""
    last_modified = format_datetime(product.updated_at.replace(microsecond=0), usegmt=True)
    return Representation(product.version, last_modified, _body(product))


def represent_page(page: Page) -> str:
    """Render `page` as `{"items": […], "next_cursor": …}`."""
    return f'{{"items": {_array(page.products)}, "next_cursor": {json.dumps(page.next_cursor)}}}'


def represent_selection(products: Mapping[str, Representation | None]) -> str:
    """Render products asked for by id as `{"items": […], "missing": […]}`, in their order."""
    found = [product for product in products.values() if product is not None]
    missing = [product_id for product_id, product in products.items() if product is None]
    return f'{{"items": {_array(found)}, "missing": {json.dumps(missing)}}}'


def _array(products: Iterable[Representation]) -> str:
    return f"[{', '.join(product.body for product in products)}]"


def _body(product: Product) -> str:
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
    return json.dumps(fields, ensure_ascii=False)
