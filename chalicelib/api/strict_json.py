"""
JSON read without loss or doubt: no digit rounded, no name given twice, no `NaN`.

Knows neither HTTP nor products: the API's bodies and the lines of an import are both read by it.
"""

from __future__ import annotations

import json
from decimal import Decimal, DecimalException
from typing import Any


def decode(text: str | bytes) -> object:
    """
    Return `text` (bytes: UTF-8), decoded; fractions as `Decimal`, so that no digit is lost.

    Raise `ValueError` for what is no JSON: `NaN`, a name given twice and nesting without end
    included.
    """
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(digits: str) -> int | Decimal:
    """Keep a short integer as one; else a `Decimal`, which takes any length in linear time."""
    if len(digits) <= 20 and digits.lstrip("-").isdigit():
        return int(digits)
    try:
        return Decimal(digits)
    except DecimalException:
        return Decimal("NaN")  # JSON all right, but an exponent beyond any rule's range


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name given twice: which one is meant?")
    return fields
