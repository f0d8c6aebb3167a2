"""
Corrects requests that match the schemas but break a rule in the document's text.

A schema describes one value at a time and uses binary fractions, so the document states some rules
only in text. Each of these rules is one function here. Those of a listing come from the resource.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from chalicelib.api.queries import IndexRules
from chalicelib.resources import PRODUCTS, RESOURCES

Body = dict[str, Any]


def correct(case: Any) -> None:
    """Change the request so that it keeps every rule."""
    resource = case.path.split("/")[1]
    if isinstance(case.body, dict):
        _integers(case.body)
        for rule in _OF_BODIES.get(resource, ()):
            rule(case.body)
    if case.query and resource in _COLLECTIONS:
        rules: IndexRules = import_module(f"chalicelib.{resource}.queries").RULES
        _selection_or_listing(case.query, rules)
        _partition(case.query, rules)
        _range(case.query, rules)
    if case.headers and "Idempotency-Key" in case.headers:
        _fresh_key(case.headers)


def _integers(body: Body) -> None:
    """Write an integer without a fraction: to JSON Schema `5.0` is an integer too."""
    for name, value in body.items():
        if isinstance(value, float) and value.is_integer():
            body[name] = int(value)


def _price(body: Body) -> None:
    """Round to 4 decimals: `multipleOf: 0.0001` would fail in floating point."""
    if isinstance(body.get("price"), float):
        body["price"] = max(round(body["price"], 4), 0.0001)


def _selection_or_listing(query: Body, rules: IndexRules) -> None:
    """Keep `ids` without other parameters, or the query of an index without `ids`."""
    if "ids" not in query or len(query) == 1:
        return
    if rules.by.partition in query:
        del query["ids"]
    else:
        for name in query.keys() - {"ids"}:
            del query[name]


def _partition(query: Body, rules: IndexRules) -> None:
    """Remove bounds and order unless there is a partition."""
    if rules.by.partition not in query:
        for name in rules.needing_value:
            query.pop(name, None)


def _range(query: Body, rules: IndexRules) -> None:
    """Order the two bounds."""
    low, high = f"min_{rules.by.sort}", f"max_{rules.by.sort}"
    if {low, high} <= query.keys():
        query[low], query[high] = sorted((query[low], query[high]), key=float)


def _fresh_key(headers: Any) -> None:
    """Use a new key, because each key belongs to one item. Other tests cover repeats."""
    headers["Idempotency-Key"] = headers["Idempotency-Key"][:200] + uuid.uuid4().hex


_COLLECTIONS: Final = tuple(each.name for each in RESOURCES)
_OF_BODIES: Final[dict[str, tuple[Callable[[Body], None], ...]]] = {PRODUCTS.name: (_price,)}
"""The rules of a resource's bodies, if it has any."""
