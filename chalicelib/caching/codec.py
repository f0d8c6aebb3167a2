"""
An item as the bytes of a cache entry.

The schema version is in the value and not in the key: while two releases run side by side, a
writer of either must fence the one key that readers of both look at.
"""

from __future__ import annotations

import re
from typing import Final

from chalicelib.caching import entries
from chalicelib.resources.representation import VERSION_PATTERN, Representation

# The date without counts, which cost time.
_HEAD: Final = (
    rf" ({VERSION_PATTERN}) "
    r"([A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] "
    r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT) ([0-9]+)\n"
)


class ItemCodec:
    """
    `<schema> <version> <last modified> <characters of the body>` on the first line, then the body.

    Anyone who can write to Redis can forge an entry. What a hit can afford to check is checked:
    the head to the letter, the body's length, and that it is an object with the id of its key.
    """

    def __init__(self, key_prefix: str, schema: int) -> None:
        self._prefix = key_prefix
        self._schema = schema
        self._head = re.compile(f"{schema}{_HEAD}")

    def key(self, item_id: str) -> str:
        """Return the Redis key of an item."""
        return self._prefix + item_id

    def entry(self, item: Representation | None) -> bytes:
        """Return the bytes of an item's entry, or of a negative entry."""
        return entries.entry_of(item, self)

    def encode(self, item: Representation) -> bytes:
        """Return `item` as bytes."""
        head = f"{self._schema} {item.version} {item.last_modified} {len(item.body)}"
        return f"{head}\n{item.body}".encode()

    def decode(self, key: str, data: bytes) -> Representation:
        """Raise `ValueError` for another schema, for broken bytes and for another key's entry."""
        text = data.decode()
        head = self._head.match(text)
        if head is None:
            raise ValueError("not an entry of this schema")
        version, last_modified, length = head.groups()
        body = text[head.end() :]
        is_its_own = body.startswith(f'{{"id": "{key[len(self._prefix) :]}", ')
        if not (is_its_own and body.endswith("}") and len(body) == int(length)):
            raise ValueError("not the whole entry of this key")
        return Representation(int(version), last_modified, body)
