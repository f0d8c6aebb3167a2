"""Which items a listing has: those of an index, in its order. Knows neither HTTP nor DynamoDB."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NamedTuple

from chalicelib.resources.representation import Representation


class Index(NamedTuple):
    """
    An index of keys only, declared in `infra/tables/`: items of one `partition`, by `sort`.

    Both are names of fields: `partition` of a text, `sort` of a number.
    """

    name: str
    partition: str
    sort: str


class IndexQuery(NamedTuple):
    """Items of an index whose partition is `value`, by their number; the bounds are inclusive."""

    by: Index
    value: str
    low: Decimal | None = None
    high: Decimal | None = None
    descending: bool = False

    def lists(self, item: Representation, number: Decimal) -> bool:
        """
        Return whether an item is in the partition, at this number.

        Raise `ValueError` for a body that is not the JSON of an item: one forged in the cache.
        """
        try:
            fields = json.loads(item.body, parse_float=Decimal)
            found = fields.get(self.by.partition), fields[self.by.sort]
        except (ArithmeticError, KeyError, RecursionError) as error:
            raise ValueError("not an item's JSON") from error
        return (self.value, number) == found
