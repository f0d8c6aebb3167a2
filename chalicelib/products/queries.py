"""The query parameters of the products' listing."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from chalice.app import Request

from chalicelib.api.queries import Parameters, Selection
from chalicelib.products.model import CategoryQuery

MAX_CATEGORY: Final = 100

_ORDERS: Final = {None: False, "price": False, "-price": True}
_BY_CATEGORY: Final = ("min_price", "max_price", "sort")
_LISTING: Final = ("limit", "cursor", "category", *_BY_CATEGORY)


class Listing(NamedTuple):
    """A page is requested: of all products, or of a category."""

    limit: int
    cursor: str | None
    category: CategoryQuery | None


def parse(request: Request) -> Listing | Selection:
    """Raise `InvalidQuery` that names the parameters that break a rule."""
    given = Parameters(request)
    wanted = given.selection() if "ids" in given.values else _listing(given)
    given.check()
    return wanted


def _listing(given: Parameters) -> Listing:
    given.known(_LISTING)
    return Listing(given.limit(), given.values.get("cursor"), _category(given))


def _category(given: Parameters) -> CategoryQuery | None:
    values = given.values
    if "category" not in values:
        for name in _BY_CATEGORY:
            if name in values:
                given.error(name, "Needs a category", "category_missing")
        return None
    if not 1 <= len(values["category"]) <= MAX_CATEGORY:
        given.error("category", f"Must be 1 to {MAX_CATEGORY} characters", "category")
    low, high = _price(given, "min_price"), _price(given, "max_price")
    if low is not None and high is not None and low > high:
        given.error("min_price", "Must not be over max_price", "empty_range")
    if values.get("sort") not in _ORDERS:
        given.error("sort", "Must be price or -price", "sort")
    return CategoryQuery(values["category"], low, high, _ORDERS.get(values.get("sort"), False))


def _price(given: Parameters, name: str) -> Decimal | None:
    if name not in given.values:
        return None
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,4})?", given.values[name]):
        given.error(name, "Must be a price, such as 24.99", "price")
        return None
    return Decimal(given.values[name]).normalize()
