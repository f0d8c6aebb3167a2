"""Which products the load reads and writes: a few hot ones, many cold ones, some just deleted."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import Any, Final

HOT_SHARE: Final = 0.7
GONE_SHARE: Final = 0.05
GONE_REMEMBERED: Final = 20


class ProductPool:
    """Places that always hold a product: who deletes one puts another there."""

    def __init__(self, ids: list[str], hot: int) -> None:
        self._ids = ids
        self._hot = hot
        self._gone: deque[str] = deque(ids[:1], GONE_REMEMBERED)
        self._lock = threading.Lock()

    def to_read(self, chance: random.Random) -> str:
        """Return any product's id, now and then one that was deleted of late."""
        if chance.random() < GONE_SHARE:
            with self._lock:
                return chance.choice(self._gone)
        return self._ids[self.place(chance)]

    def place(self, chance: random.Random) -> int:
        """Return a place, a hot one more often than not."""
        hot = chance.random() < HOT_SHARE
        return chance.randrange(self._hot) if hot else chance.randrange(len(self._ids))

    def at(self, place: int) -> str:
        """Return the id of the product there."""
        return self._ids[place]

    def replace(self, place: int, gone: str, new: str) -> None:
        """Put a new product where one was deleted."""
        with self._lock:
            self._gone.append(gone)
        self._ids[place] = new


def draft(stock: int) -> dict[str, Any]:
    """Return a product to create, as long as one usually is."""
    return {
        "name": f"Product {stock}",
        "description": "Made by the freshness load. " * 4,
        "price": 24.99,
        "stock_quantity": stock,
        "category": "freshness",
    }
