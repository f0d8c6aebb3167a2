"""
What makes a repeated POST safe without a second table: the product's id comes from the key.

The first request with a key stores the product under that id, with the fingerprint of what was
asked for; a repeat finds it there. A product that was deleted since is made anew by a repeat.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

_NAMESPACE: Final = uuid.UUID("6d8c0c9e-2f54-4f0b-9a61-7f6a3a1c5d20")


def product_id_of(key: str) -> str:
    """Return the id of the product that `key` makes: a name-based UUID (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, key))


def fingerprint(fields: Mapping[str, Any]) -> str:
    """Return the same text for the same product, however its JSON was written."""
    text = json.dumps({**fields}, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
