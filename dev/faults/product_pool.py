"""Chooses the products that the load reads and writes: hot, cold, and recently deleted ones."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import Any, Final

HOT_SHARE: Final = 0.7
DELETED_SHARE: Final = 0.05
DELETED_KEPT: Final = 20


class ProductPool:
    """Places that each hold a product. A deleted product is replaced by a new one."""

    def __init__(self, ids: list[str], hot: int) -> None:
        self._ids = ids
        self._hot = hot
        self._deleted: deque[str] = deque(ids[:1], DELETED_KEPT)
        self._lock = threading.Lock()

    def to_read(self, chance: random.Random) -> str:
        """Return a product id, sometimes that of a recently deleted product."""
        if chance.random() < DELETED_SHARE:
            with self._lock:
                return chance.choice(self._deleted)
        return self._ids[self.place(chance)]

    def place(self, chance: random.Random) -> int:
        """Return a place, a hot one with probability `HOT_SHARE`."""
        hot = chance.random() < HOT_SHARE
        return chance.randrange(self._hot) if hot else chance.randrange(len(self._ids))

    def at(self, place: int) -> str:
        """Return the id of the product in a place."""
        return self._ids[place]

    def replace(self, place: int, deleted: str, new: str) -> None:
        """Replace a deleted product by a new one."""
        with self._lock:
            self._deleted.append(deleted)
        self._ids[place] = new


def draft(stock: int) -> dict[str, Any]:
    """Return a product to create, of typical length."""
    return {
        "name": f"Product {stock}",
        "description": "Made by the freshness load. " * 4,
        "price": 24.99,
        "stock_quantity": stock,
        "category": "freshness",
    }
