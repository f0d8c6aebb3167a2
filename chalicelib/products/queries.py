"""The query parameters of the products' listing: all of them, or those of a category, by price."""

from __future__ import annotations

from typing import Final

from chalice.app import Request

from chalicelib.api import queries
from chalicelib.api.queries import IndexRules, Listing, Rule, Selection
from chalicelib.products.model import BY_CATEGORY

MAX_CATEGORY: Final = 100

RULES: Final = IndexRules(
    BY_CATEGORY,
    value=Rule(rf"(?s:.{{1,{MAX_CATEGORY}}})", f"Must be 1 to {MAX_CATEGORY} characters"),
    number=Rule(r"[0-9]{1,10}(\.[0-9]{1,4})?", "Must be a price, such as 24.99"),
)


def parse(request: Request) -> Listing | Selection:
    """Raise `InvalidQuery` that names the parameters that break a rule."""
    return queries.parse(request, RULES)
