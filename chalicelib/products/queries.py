"""The query parameters of the listing, read strictly: a typo is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from chalice.app import MultiDict, Request

from chalicelib.errors import MAX_ERRORS, FieldError, InvalidQuery
from chalicelib.products.model import CategoryQuery

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_IDS: Final = 100
MAX_CATEGORY: Final = 100

_ORDERS: Final = {None: False, "price": False, "-price": True}
_BY_CATEGORY: Final = ("min_price", "max_price", "sort")
_LISTING: Final = ("limit", "cursor", "category", *_BY_CATEGORY)


class Listing(NamedTuple):
    """A page is asked for: of all products, or of a category."""

    limit: int
    cursor: str | None
    category: CategoryQuery | None


class Selection(NamedTuple):
    """Products are asked for by their ids."""

    ids: tuple[str, ...]


def parse(request: Request) -> Listing | Selection:
    """Raise `InvalidQuery` that names the parameters that break a rule."""
    given = request.query_params or MultiDict({})
    check = _Check()
    values = {name: check.once(name, given.getlist(name)) for name in given}
    wanted = _selection(values, check) if "ids" in values else _listing(values, check)
    if check.faults:
        raise InvalidQuery(check.faults, check.count)
    return wanted


def _selection(values: Mapping[str, str], check: _Check) -> Selection:
    check.known(values, ("ids",))
    ids = tuple(values["ids"].split(","))
    if not all(ids):
        check.fault("ids", "Must be ids, with a comma between them", "ids")
    if len(ids) > MAX_IDS:
        check.fault("ids", f"Must be at most {MAX_IDS} ids", "too_long")
    return Selection(ids)


def _listing(values: Mapping[str, str], check: _Check) -> Listing:
    check.known(values, _LISTING)
    limit = values.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
        check.fault("limit", f"Must be a whole number from 1 to {MAX_LIMIT}", "limit")
        limit = "1"
    return Listing(int(limit), values.get("cursor"), _category(values, check))


def _category(values: Mapping[str, str], check: _Check) -> CategoryQuery | None:
    if "category" not in values:
        for name in _BY_CATEGORY:
            if name in values:
                check.fault(name, "Needs a category", "category_missing")
        return None
    if not 1 <= len(values["category"]) <= MAX_CATEGORY:
        check.fault("category", f"Must be 1 to {MAX_CATEGORY} characters", "category")
    low, high = check.price("min_price", values), check.price("max_price", values)
    if low is not None and high is not None and low > high:
        check.fault("min_price", "Must not be over max_price", "empty_range")
    if values.get("sort") not in _ORDERS:
        check.fault("sort", "Must be price or -price", "sort")
    return CategoryQuery(values["category"], low, high, _ORDERS.get(values.get("sort"), False))


class _Check:
    """Collects the first broken rules, and counts them all."""

    def __init__(self) -> None:
        self.faults: list[FieldError] = []
        self.count = 0

    def fault(self, name: str, rule: str, kind: str) -> None:
        self.count += 1
        if len(self.faults) < MAX_ERRORS:
            self.faults.append(FieldError((name,), rule, kind))

    def once(self, name: str, texts: list[str]) -> str:
        if len(texts) > 1:
            self.fault(name, "Given more than once", "duplicate")
        return texts[-1]

    def known(self, values: Mapping[str, str], names: tuple[str, ...]) -> None:
        rule = f"Not one of {', '.join(names)}"
        for name in values:
            if name not in names:
                self.fault(name, rule, "extra_forbidden")

    def price(self, name: str, values: Mapping[str, str]) -> Decimal | None:
        if name not in values:
            return None
        if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,4})?", values[name]):
            self.fault(name, "Must be a price, such as 24.99", "price")
            return None
        return Decimal(values[name]).normalize()
