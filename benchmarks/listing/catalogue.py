"""
A generated catalogue: the same products for the same seed, whatever their number.

Few prices for many products, so that products of one price lie on both sides of a page's end.
Knows no HTTP.
"""

from __future__ import annotations

import random
import uuid
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.config import Settings
from chalicelib.product_cache import ReadsBypassed
from chalicelib.wiring import Container
from dev.transfer.ledger import Ledger
from dev.transfer.lines import Entry
from dev.transfer.loading import Loader

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


def store(products: list[Entry], settings: Settings) -> None:
    """Load them as an import does, unfenced: nobody can have cached them yet."""
    ledger = Ledger()
    for product in products:
        ledger.note(product)
    Loader(ReadsBypassed(None), Container(settings).repository, ledger).store_all(products)


def _product(number: int, choice: random.Random) -> Entry:
    (category,) = choice.choices(list(_SHARES), list(_SHARES.values()))
    fields = {
        "name": f"Product {number}",
        "description": f"The product that was generated as number {number}",
        "price": Decimal(choice.randint(1, _CENTS)).scaleb(-2),
        "stock_quantity": choice.randint(0, 1000),
        "category": category,
    }
    return Entry(number, str(uuid.UUID(int=choice.getrandbits(128), version=4)), fields)
