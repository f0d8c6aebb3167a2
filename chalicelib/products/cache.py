"""
Where a product lies in the cache, and as which bytes. Knows neither Redis nor the protocol.

The schema version is in the value and not in the key: while two releases run side by side, a
writer of either must fence the one key that readers of both look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from chalicelib import telemetry
from chalicelib.caching import entries
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.products.model import VERSION_PATTERN, Representation

SCHEMA: Final = 2
"""Raise it whenever the bytes change. An entry of another schema counts as a miss."""
_PREFIX: Final = "product:"
_HEAD: Final = re.compile(
    rf"{SCHEMA} ({VERSION_PATTERN}) "
    r"([A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] "
    r"[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT) ([0-9]+)\n"
)
"""The date without counts, which cost time."""


SWITCHED_OFF: Final = "switched off"
"""Why reads go past a cache that nobody wants: told, but no metric, since nothing is wrong."""


def key_of(product_id: str) -> str:
    """Return the Redis key of a product."""
    return _PREFIX + product_id


class RepresentationCodec:
    """
    `<schema> <version> <last modified> <characters of the body>` on the first line, then the body.

    Whoever can write to Redis can forge an entry. What a hit can afford to check is checked: the
    head to the letter, the body's length, and that it is an object with the id of its key.
    """

    def encode(self, item: Representation) -> bytes:
        """Lay out `item`."""
        head = f"{SCHEMA} {item.version} {item.last_modified} {len(item.body)}"
        return f"{head}\n{item.body}".encode()

    def decode(self, key: str, data: bytes) -> Representation:
        """Raise `ValueError` for another schema, for broken bytes and for another key's entry."""
        text = data.decode()
        head = _HEAD.match(text)
        if head is None:
            raise ValueError("not an entry of this schema")
        version, last_modified, length = head.groups()
        body = text[head.end() :]
        is_its_own = body.startswith(f'{{"id": "{key[len(_PREFIX) :]}", ')
        if not (is_its_own and body.endswith("}") and len(body) == int(length)):
            raise ValueError("not the whole entry of this key")
        return Representation(int(version), last_modified, body)


def entry_of(item: Representation | None) -> bytes:
    """Return the bytes of a product's entry, or of the entry that there is none."""
    return entries.entry_of(item, RepresentationCodec())


class ProductCache:
    """The products' side of the cache."""

    def __init__(self, cache: Cache[Representation]) -> None:
        self._cache = cache

    def fetch(
        self, product_id: str, load: Callable[[], Representation | None]
    ) -> Fetched[Representation]:
        """Return the product from the cache, or else from `load`."""
        return self._cache.fetch(key_of(product_id), load)

    def fetch_many(
        self,
        product_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Callable[[Representation], None],
    ) -> dict[str, Representation | None]:
        """
        Return each product from the cache, or else from one call of `load`.

        `check` gets each as soon as it is read; what it raises ends the read.
        """
        ids = {key_of(product_id): product_id for product_id in product_ids}

        def load_keys(keys: Sequence[str]) -> dict[str, Representation]:
            loaded = load([ids[key] for key in keys])
            return {key_of(product_id): item for product_id, item in loaded.items()}

        found = self._cache.fetch_many(list(ids), load_keys, check)
        return {ids[key]: item for key, item in found.items()}

    def fenced(self, product_id: str) -> AbstractContextManager[None]:
        """Hold readers off while the block commits a write."""
        return self._cache.fenced(key_of(product_id))

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """
        Delete each product's entry, unless it is the one given or a write is under way.

        Return how many there were. Raise `CacheUnavailable` after all were tried.
        """
        return self._cache.invalidate({key_of(each): entry for each, entry in entries.items()})


class ReadsBypassed:
    """
    What `CACHE_ENABLED=false` puts in its place: every read is a bypass.

    Writes go on fencing and deleting where Redis is named, so that what is in it is not old when
    the cache is turned on again.
    """

    def __init__(self, cache: ProductCache | None) -> None:
        self._cache = cache

    def fetch(
        self, _product_id: str, load: Callable[[], Representation | None]
    ) -> Fetched[Representation]:
        """Return what `load` returns."""
        telemetry.add_fields(cache="bypass", reason=SWITCHED_OFF)
        return Fetched(load(), Outcome.BYPASS)

    def fetch_many(
        self,
        product_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Callable[[Representation], None],
    ) -> dict[str, Representation | None]:
        """Return what `load` returns, once each product has passed `check`."""
        telemetry.add_fields(hits=0, misses=0, bypasses=len(product_ids), reason=SWITCHED_OFF)
        loaded = load(product_ids)
        for product in loaded.values():
            check(product)
        return {**dict.fromkeys(product_ids), **loaded}

    def fenced(self, product_id: str) -> AbstractContextManager[None]:
        """Hold off readers elsewhere, which may not have been told of the switch yet."""
        return nullcontext() if self._cache is None else self._cache.fenced(product_id)

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """Delete the entries, if there is a Redis to hold them."""
        return 0 if self._cache is None else self._cache.invalidate(entries)
