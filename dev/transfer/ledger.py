"""
The account of an import: what became of each line. Knows neither files nor storage.

Whatever stops an import, and wherever, the account is right: a line counts as stored only once
DynamoDB has said so, and as of unknown fate from the moment it is sent until the answer is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.product import Product
from dev.transfer.lines import Entry, Reject


class Ledger:
    """Counts of lines; the numbers of those that are neither stored nor rejected."""

    def __init__(self) -> None:
        self.read = 0
        self.stored = 0
        self.rejected = 0
        self.last_line = 0
        self.stopped_by: str | None = None
        self._pending: dict[str, int] = {}
        self._sent: set[str] = set()

    def note(self, line: Entry | Reject) -> None:
        """Count a line that was read."""
        self.read += 1
        self.last_line = line.line
        if isinstance(line, Entry):
            self._pending[line.product_id] = line.line
        else:
            self.rejected += 1

    def sent(self, products: Sequence[Product]) -> None:
        """From now on nobody knows whether `products` are stored."""
        self._sent = {product.id for product in products}

    def settled(self, left: Sequence[Product]) -> None:
        """Take of what was sent all but `left` as stored, and `left` as not stored."""
        stored = self._sent - {product.id for product in left}
        for product_id in stored:
            del self._pending[product_id]
        self.stored += len(stored)
        self._sent = set()

    @property
    def unknown(self) -> list[int]:
        """The lines that may or may not be stored."""
        return [line for product_id, line in self._pending.items() if product_id in self._sent]

    @property
    def not_stored(self) -> list[int]:
        """The lines that are fit to be stored, and are not."""
        return [line for product_id, line in self._pending.items() if product_id not in self._sent]

    @property
    def is_clean(self) -> bool:
        """Tell whether every line of the file is stored."""
        return self.stored == self.read and self.stopped_by is None

    def summary(self) -> str:
        """Return the counts in a line; what there was none of is told only where it is usual."""
        more = {"not stored": len(self.not_stored), "unknown": len(self.unknown)}
        counts = {"read": self.read, "stored": self.stored, "rejected": self.rejected}
        counts |= {name: count for name, count in more.items() if count}
        return ", ".join(f"{name} {count}" for name, count in counts.items())

    def troubles(self) -> list[str]:
        """Return a sentence for each thing that somebody has to see to."""
        told = []
        if self.stopped_by is not None:
            told.append(f"Stopped after line {self.last_line}: {self.stopped_by}")
        if self.not_stored:
            told.append(f"Not stored: line {_list(self.not_stored)}")
        if self.unknown:
            told.append(f"Stored or not, nobody knows: line {_list(self.unknown)}")
        return told


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
