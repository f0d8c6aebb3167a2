"""
Corrects requests that match the schemas but break a rule in the document's text.

A schema describes one value at a time and uses binary fractions, so the document states some rules
only in text. Each of these rules is one function here.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

_BY_CATEGORY: Final = ("min_price", "max_price", "sort")


def correct(case: Any) -> None:
    """Change the request so that it keeps every rule."""
    if isinstance(case.body, dict):
        _price(case.body)
        _stock(case.body)
    if case.query:
        _selection_or_listing(case.query)
        _category(case.query)
        _range(case.query)
    if case.headers and "Idempotency-Key" in case.headers:
        _fresh_key(case.headers)


def _price(body: dict[str, Any]) -> None:
    """Round to 4 decimals: `multipleOf: 0.0001` would fail in floating point."""
    if isinstance(body.get("price"), float):
        body["price"] = max(round(body["price"], 4), 0.0001)


def _stock(body: dict[str, Any]) -> None:
    """Write an integer without a fraction: to JSON Schema `5.0` is an integer too."""
    if isinstance(body.get("stock_quantity"), float):
        body["stock_quantity"] = int(body["stock_quantity"])


def _selection_or_listing(query: dict[str, Any]) -> None:
    """Keep `ids` without other parameters, or a category without `ids`."""
    if "ids" not in query or len(query) == 1:
        return
    if "category" in query:
        del query["ids"]
    else:
        for name in query.keys() - {"ids"}:
            del query[name]


def _category(query: dict[str, Any]) -> None:
    """Remove prices and order unless there is a category."""
    if "category" not in query:
        for name in _BY_CATEGORY:
            query.pop(name, None)


def _range(query: dict[str, Any]) -> None:
    """Order the two prices."""
    if {"min_price", "max_price"} <= query.keys():
        prices = sorted((query["min_price"], query["max_price"]), key=float)
        query["min_price"], query["max_price"] = prices


def _fresh_key(headers: Any) -> None:
    """Use a new key, because each key belongs to one product. Other tests cover repeats."""
    headers["Idempotency-Key"] = headers["Idempotency-Key"][:200] + uuid.uuid4().hex
