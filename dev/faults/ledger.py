"""
The checker: which acknowledged writes did a read miss? Knows neither HTTP nor faults.

A read is stale if it returns a state older than the newest one acknowledged before it began. For
each product the ledger keeps every write that was, or may have been, made:

    acknowledged   2xx: every read that begins later has to see it
    refused        404, 412 and the like: nothing was written, so it is struck out
    unknown        503, connection lost, or still under way: a read may see it or not

Sound: an unknown write never makes a read stale, and never hides an older acknowledged one.
A version tells the order of writes (it rises with each); a deletion has none, so it is ordered by
time: a product read after its deletion was acknowledged must have been made again since.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a write does to its product."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(slots=True, eq=False)
class Write:
    """One write, in seconds of one clock. Until it is acknowledged its outcome is unknown."""

    kind: Kind
    started: float
    ended: float = math.inf
    version: int | None = None

    @property
    def acknowledged(self) -> bool:
        """Tell whether a 2xx came back."""
        return self.ended < math.inf

    def acknowledge(self, ended: float, version: int | None = None) -> None:
        """Note the 2xx, and the version it named (a deletion has none)."""
        self.version = version
        self.ended = ended


class History:
    """What was written to one product. Threads may add to it while others judge."""

    def __init__(self) -> None:
        self._writes: list[Write] = []

    def begin(self, kind: Kind, started: float) -> Write:
        """Note a write before it is sent."""
        write = Write(kind, started)
        self._writes.append(write)
        return write

    def refuse(self, write: Write) -> None:
        """Strike out a write that is known not to have been made."""
        self._writes.remove(write)

    def missed(self, seen: int | None, started: float, ended: float) -> list[Write]:
        """
        Return the acknowledged writes that a read from `started` to `ended` should have shown.

        `seen` is the version it returned, `None` for none: a 404. Empty means: not stale.
        """
        return [
            write
            for write in tuple(self._writes)
            if write.ended < started and not self._may_show(seen, write, ended)
        ]

    def latest(self) -> int | None:
        """Return the highest version acknowledged."""
        versions = (write.version for write in tuple(self._writes))
        return max((version for version in versions if version is not None), default=None)

    def _may_show(self, seen: int | None, write: Write, ended: float) -> bool:
        """Tell whether a read that `ended` then and returned `seen` may have come after `write`."""
        if seen is None:
            return write.kind is Kind.DELETE or self._may_be_deleted_after(write, ended)
        if write.kind is Kind.DELETE:
            return self._may_be_made_after(write, seen)
        return write.version is None or write.version <= seen

    def _may_be_deleted_after(self, write: Write, ended: float) -> bool:
        return any(
            other.kind is Kind.DELETE and other.ended > write.started and other.started < ended
            for other in tuple(self._writes)
        )

    def _may_be_made_after(self, deletion: Write, seen: int) -> bool:
        return any(
            other.kind is Kind.CREATE
            and other.ended > deletion.started
            and (other.version is None or other.version <= seen)
            for other in tuple(self._writes)
        )


class Ledger:
    """The histories of all products."""

    def __init__(self) -> None:
        self._histories: dict[str, History] = {}

    def of(self, product_id: str) -> History:
        """Return the product's history, empty at first."""
        return self._histories.setdefault(product_id, History())

    def products(self) -> list[str]:
        """Return the ids of all products ever written."""
        return list(self._histories)
