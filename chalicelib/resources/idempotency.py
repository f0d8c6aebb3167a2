"""
What makes a repeated POST safe without a second table: the item's id comes from the key.

The first request with a key stores the item under that id, with a hash of the fields that were
sent; a repeat finds it there. If the item was deleted meanwhile, a repeat creates it again.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

_NAMESPACE: Final = uuid.UUID("6d8c0c9e-2f54-4f0b-9a61-7f6a3a1c5d20")


def id_from(key: str) -> str:
    """Return the id of the item that `key` creates: a name-based UUID (RFC 9562, version 5)."""
    return str(uuid.uuid5(_NAMESPACE, key))


def fingerprint(fields: Mapping[str, Any]) -> str:
    """
    Return the same hash for the same fields, however their JSON was written.

    A field that is `None` is left out, so a key that was used before an optional field existed
    still answers.
    """
    sent = {name: value for name, value in fields.items() if value is not None}
    text = json.dumps(sent, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
