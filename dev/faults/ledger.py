"""
Finds the acknowledged writes that a read missed. Knows neither HTTP nor faults.

A read is stale if it returns a state older than the newest one acknowledged before it began. The
ledger contains every write of each product that took effect or may have:

    acknowledged   2xx: every read that begins later must return it, or something newer
    refused        404, 412 and similar: the write did not take effect and is removed
    unknown        503, connection lost, or in progress: a read may return it or not

An unknown write never makes a read stale, and never hides an older acknowledged write. Versions
rise with each write and order the writes. A deletion has no version and is ordered by time: a
product read after an acknowledged deletion must have been created again.
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
    """One write. Times are seconds of one clock. Its outcome is unknown until acknowledged."""

    kind: Kind
    started: float
    ended: float = math.inf
    version: int | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether the response was a 2xx."""
        return self.ended < math.inf

    def acknowledge(self, ended: float, version: int | None = None) -> None:
        """Record a 2xx and its version; a deletion has none."""
        self.version = version
        self.ended = ended


class History:
    """The writes of one product. Safe to use from several threads."""

    def __init__(self) -> None:
        self._writes: list[Write] = []

    def begin(self, kind: Kind, started: float) -> Write:
        """Record a write before it is sent."""
        write = Write(kind, started)
        self._writes.append(write)
        return write

    def refuse(self, write: Write) -> None:
        """Remove a write that is known not to have taken effect."""
        self._writes.remove(write)

    def missed(self, seen: int | None, started: float, ended: float) -> list[Write]:
        """
        Return the acknowledged writes that a read from `started` to `ended` missed.

        `seen` is the version that it returned, `None` for a 404. The read is stale unless the
        list is empty.
        """
        return [
            write
            for write in tuple(self._writes)
            if write.ended < started and not self._may_show(seen, write, ended)
        ]

    def latest(self) -> int | None:
        """Return the highest acknowledged version."""
        versions = (write.version for write in tuple(self._writes))
        return max((version for version in versions if version is not None), default=None)

    def _may_show(self, seen: int | None, write: Write, ended: float) -> bool:
        """Return whether a read that returned `seen` and `ended` then may include `write`."""
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
