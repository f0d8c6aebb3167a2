"""What a write requires of the product's present state. Knows neither HTTP nor DynamoDB."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from chalicelib.products.model import Product


class Precondition(NamedTuple):
    """
    A write is made only where every part holds. The default requires nothing.

    `versions`: the product is at one of them (`None`: at any). `not_versions`: it is at none of
    them. `unmodified_since`, a whole second: it was not written after that second.
    """

    versions: Collection[int] | None = None
    not_versions: Collection[int] = ()
    unmodified_since: datetime | None = None

    def holds(self, product: Product) -> bool:
        """Return what the conditional write would find."""
        written_at = product.updated_at.replace(microsecond=0)
        return (
            (self.versions is None or product.version in self.versions)
            and product.version not in self.not_versions
            and (self.unmodified_since is None or written_at <= self.unmodified_since)
        )


NO_PRECONDITION = Precondition()
