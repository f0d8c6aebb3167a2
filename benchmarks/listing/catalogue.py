"""
A generated catalogue: the same products for the same seed, whatever their number.

Few prices for many products, so that products of one price lie on both sides of a page's end.
Knows no HTTP.
"""

from __future__ import annotations

import random
import uuid
from decimal import Decimal
from typing import Any, Final, NamedTuple

from chalicelib.bootstrap import Container
from chalicelib.caching.item_cache import ReadsBypassed
from chalicelib.settings import Settings
from dev.transfer.entries import Entry
from dev.transfer.loading import Import

CATEGORY: Final = "books"
"""The one whose pages are timed: 13 products in 100."""
_SHARES: Final = {CATEGORY: 13, "toys": 12, "music": 25, "garden": 15, "tools": 30, None: 5}
_CENTS: Final = 5_000


class PriceRange(NamedTuple):
    """What the timed listing asks for; leaves out products at both ends."""

    low: Decimal = Decimal("2.00")
    high: Decimal = Decimal("48.00")

    def has(self, entry: Entry) -> bool:
        """Tell whether a product is in the listing."""
        fields = entry.fields
        return fields["category"] == CATEGORY and self.low <= fields["price"] <= self.high


def generate(count: int, seed: int) -> list[Entry]:
    """Return `count` products; a smaller catalogue is the beginning of a larger one."""
    choice = random.Random(seed)  # noqa: S311 — no secret
    return [_product(number, choice) for number in range(1, count + 1)]


def store(products: list[Entry], settings: Settings, dynamodb: Any) -> None:
    """Store them as an import does, unfenced: no client can have cached them yet."""
    Import(ReadsBypassed(None), Container(settings, dynamodb=dynamodb).products.repository).store(
        products
    )


def _product(number: int, choice: random.Random) -> Entry:
    (category,) = choice.choices(list(_SHARES), list(_SHARES.values()))
    fields = {
        "name": f"Product {number}",
        "description": f"The product that was generated as number {number}",
        "price": Decimal(choice.randint(1, _CENTS)).scaleb(-2),
        "stock_quantity": choice.randint(0, 1000),
        "category": category,
    }
    return Entry(str(number), str(uuid.UUID(int=choice.getrandbits(128), version=4)), fields)
