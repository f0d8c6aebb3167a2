"""What a write requires of the item's present state. Knows neither HTTP nor DynamoDB."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol


class Versioned(Protocol):
    """An item with its history."""

    @property
    def version(self) -> int: ...

    @property
    def updated_at(self) -> datetime: ...


class Precondition(NamedTuple):
    """
    A write is made only where every part holds. The default requires nothing.

    `versions`: the item is at one of them (`None`: at any). `not_versions`: it is at none of them.
    `unmodified_since`, a whole second: it was not written after that second.
    """

    versions: Collection[int] | None = None
    not_versions: Collection[int] = ()
    unmodified_since: datetime | None = None

    def holds(self, item: Versioned) -> bool:
        """Return what the conditional write would find."""
        written_at = item.updated_at.replace(microsecond=0)
        return (
            (self.versions is None or item.version in self.versions)
            and item.version not in self.not_versions
            and (self.unmodified_since is None or written_at <= self.unmodified_since)
        )


NO_PRECONDITION = Precondition()
