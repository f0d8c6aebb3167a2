"""
The query parameters of a listing, read strictly: a typo is refused, never ignored.

All items (`limit`, `cursor`), those of an index, or those named by `ids`. Knows no resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from chalice.app import MultiDict, Request

from chalicelib.errors import MAX_ERRORS, FieldError, InvalidQuery
from chalicelib.resources.listing import Index, IndexQuery

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_IDS: Final = 100


class Selection(NamedTuple):
    """Items are requested by their ids."""

    ids: tuple[str, ...]


class Listing(NamedTuple):
    """A page is requested: of all items, or of an index."""

    limit: int
    cursor: str | None
    query: IndexQuery | None


class Rule(NamedTuple):
    """A pattern for the whole text, and its description."""

    pattern: str
    words: str


class IndexRules(NamedTuple):
    """
    What the parameters of an index may be.

    An index by category and price has `category`, and with it `min_price`, `max_price` and `sort`
    (`price` or `-price`).
    """

    by: Index
    value: Rule
    number: Rule

    @property
    def needing_value(self) -> tuple[str, ...]:
        """The parameters that need the partition's."""
        return f"min_{self.by.sort}", f"max_{self.by.sort}", "sort"


def parse(request: Request, rules: IndexRules) -> Listing | Selection:
    """Raise `InvalidQuery` that names the parameters that break a rule."""
    given = Parameters(request)
    wanted = given.selection() if "ids" in given.values else given.listing(rules)
    given.check()
    return wanted


class Parameters:
    """The parameters of a request. Collects the first broken rules, and counts them all."""

    def __init__(self, request: Request) -> None:
        given = request.query_params or MultiDict({})
        self._errors: list[FieldError] = []
        self._count = 0
        self.values: Mapping[str, str] = {
            name: self._once(name, given.getlist(name)) for name in given
        }

    def error(self, name: str, rule: str, kind: str) -> None:
        """Note a broken rule."""
        self._count += 1
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(FieldError((name,), rule, kind))

    def known(self, names: Iterable[str]) -> None:
        """Refuse every parameter but those of `names`."""
        rule = f"Not one of {', '.join(names)}"
        for name in self.values:
            if name not in names:
                self.error(name, rule, "extra_forbidden")

    def limit(self) -> int:
        """Return how many items a page may have."""
        limit = self.values.get("limit", str(DEFAULT_LIMIT))
        if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
            self.error("limit", f"Must be a whole number from 1 to {MAX_LIMIT}", "limit")
            return 1
        return int(limit)

    def listing(self, rules: IndexRules) -> Listing:
        """Return the page that is requested."""
        self.known(("limit", "cursor", rules.by.partition, *rules.needing_value))
        return Listing(self.limit(), self.values.get("cursor"), self.index_query(rules))

    def index_query(self, rules: IndexRules) -> IndexQuery | None:
        """Return the query of an index, where its partition is named."""
        partition, order = rules.by.partition, rules.by.sort
        if partition not in self.values:
            for name in filter(self.values.__contains__, rules.needing_value):
                self.error(name, f"Needs a {partition}", f"{partition}_missing")
            return None
        value = self.values[partition]
        if not re.fullmatch(rules.value.pattern, value):
            self.error(partition, rules.value.words, partition)
        low, high = (self._number(f"{end}_{order}", rules) for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            self.error(f"min_{order}", f"Must not be over max_{order}", "empty_range")
        sort = self.values.get("sort", order)
        if sort.removeprefix("-") != order:
            self.error("sort", f"Must be {order} or -{order}", "sort")
        return IndexQuery(rules.by, value, low, high, sort.startswith("-"))

    def selection(self) -> Selection:
        """Return the ids that are requested."""
        self.known(("ids",))
        ids = tuple(self.values["ids"].split(","))
        if not all(ids):
            self.error("ids", "Must be ids, with a comma between them", "ids")
        if len(ids) > MAX_IDS:
            self.error("ids", f"Must be at most {MAX_IDS} ids", "too_long")
        return Selection(ids)

    def check(self) -> None:
        """Raise `InvalidQuery` where a rule is broken."""
        if self._errors:
            raise InvalidQuery(self._errors, self._count)

    def _number(self, name: str, rules: IndexRules) -> Decimal | None:
        if name not in self.values:
            return None
        if not re.fullmatch(rules.number.pattern, self.values[name]):
            self.error(name, rules.number.words, rules.by.sort)
            return None
        return Decimal(self.values[name]).normalize()

    def _once(self, name: str, texts: list[str]) -> str:
        if len(texts) > 1:
            self.error(name, "Given more than once", "duplicate")
        return texts[-1]
