"""
Cursors: where a listing goes on, sealed so that a client can only hand back what it was given.

    cursor = base64url(position as JSON + the first 16 bytes of HMAC-SHA256)

The query that the cursor belongs to goes into the seal, so it fits no other query. Knows neither
HTTP nor DynamoDB.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Final

from chalicelib.errors import InvalidCursor

Position = list[str]
"""The key of the last product shown: what a page starts after."""

_SEAL_BYTES: Final = 16


class Cursors:
    """Makes and opens cursors. Processes that share `secret` open each other's cursors."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, query: str, position: Position) -> str:
        """Return the cursor for what comes after `position` in `query`."""
        data = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data + self._seal(query, data)).decode().rstrip("=")

    def open(self, query: str, cursor: str) -> Position:
        """Raise `InvalidCursor` for one that was not made here, or for another query."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursor from None
        data, seal = sealed[:-_SEAL_BYTES], sealed[-_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(query, data)):
            raise InvalidCursor
        position: Position = json.loads(data)
        return position

    def _seal(self, query: str, data: bytes) -> bytes:
        message = query.encode() + b"\n" + data
        return hmac.digest(self._secret, message, "sha256")[:_SEAL_BYTES]
