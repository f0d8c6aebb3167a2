"""What the clients of a load share: its products and their histories. Sends nothing."""

from __future__ import annotations

import random
import threading
import uuid
from collections import deque
from itertools import count
from typing import Final

from dev.faults.ledger import History, Write
from dev.faults.results import Stale
from dev.faults.timeline import Timeline

HOT: Final = 6
"""The number of products that most calls use."""
_HOT_SHARE: Final = 0.7
_DELETED_SHARE: Final = 0.05
"""The share of reads of recently deleted products."""
_DELETED_KEPT: Final = 20

chance: Final = random.Random()  # noqa: S311 — no secret


class LoadState:
    """Shared by the clients' threads. Each client pauses for `pause` seconds or so."""

    def __init__(self, url: str, timeline: Timeline, products: int, pause: float) -> None:
        self.url = url
        self.timeline = timeline
        self.pause = pause
        self.histories: dict[str, History] = {}
        self.tokens = count(1)
        """The stock quantity of the next write."""
        self.shown_by: dict[int, Write] = {}
        """The write that set each stock quantity."""
        self.products: list[str] = []
        """A place each for a product; the first places are hot."""
        self.deleted: deque[str] = deque([str(uuid.uuid4())], _DELETED_KEPT)
        """The last deleted products; at first one that never existed."""
        self.stale: list[Stale] = []
        self.ended = threading.Event()
        self._size = products
        self._claiming = threading.Lock()

    def history(self, product_id: str) -> History:
        """Return the writes of a product."""
        return self.histories.setdefault(product_id, History())

    def place(self) -> int:
        """Return a place, often a hot one."""
        hot = chance.random() < _HOT_SHARE
        return chance.randrange(min(HOT, self._size) if hot else self._size)

    def product_to_read(self) -> str:
        """Return a product's id, sometimes that of a recently deleted product."""
        if chance.random() < _DELETED_SHARE:
            return chance.choice(self.deleted)
        return self.products[self.place()]

    def claim(self, deleted: str) -> bool:
        """Return whether the caller is the first to replace this product."""
        with self._claiming:
            is_first = deleted not in self.deleted
            if is_first:
                self.deleted.append(deleted)
        return is_first
