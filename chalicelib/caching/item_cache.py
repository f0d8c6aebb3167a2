"""
The cache protocol for the items of one resource: by id instead of by key. Knows no fields.

`ReadsBypassed` takes its place where `CACHE_ENABLED` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from chalicelib import telemetry
from chalicelib.caching.codec import ItemCodec
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.resources.representation import Representation

SWITCHED_OFF: Final = "switched off"
"""Why reads bypass a cache that is switched off. No metric counts them: nothing is wrong."""


class ItemCache:
    """The cache of one resource."""

    def __init__(self, cache: Cache[Representation], codec: ItemCodec) -> None:
        self._cache = cache
        self._key = codec.key

    def fetch(
        self, item_id: str, load: Callable[[], Representation | None]
    ) -> Fetched[Representation]:
        """Return the item from the cache, or else from `load`."""
        return self._cache.fetch(self._key(item_id), load)

    def fetch_many(
        self,
        item_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Callable[[Representation], None],
    ) -> dict[str, Representation | None]:
        """
        Return each item from the cache, or else from one call of `load`.

        `check` gets each as soon as it is read; what it raises ends the read.
        """
        ids = {self._key(item_id): item_id for item_id in item_ids}

        def load_keys(keys: Sequence[str]) -> dict[str, Representation]:
            loaded = load([ids[key] for key in keys])
            return {self._key(item_id): item for item_id, item in loaded.items()}

        found = self._cache.fetch_many(list(ids), load_keys, check)
        return {ids[key]: item for key, item in found.items()}

    def fenced(self, item_id: str) -> AbstractContextManager[None]:
        """Keep readers from filling the entry while the block commits a write."""
        return self._cache.fenced(self._key(item_id))

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """
        Delete each item's entry, unless it is the one given or a write is under way.

        Return how many there were. Raise `CacheUnavailable` after all were tried.
        """
        return self._cache.invalidate({self._key(each): entry for each, entry in entries.items()})


class ReadsBypassed:
    """
    Every read is a bypass.

    Writes go on fencing and deleting where Redis is configured, so that its entries are not old
    when the cache is switched on again.
    """

    def __init__(self, cache: ItemCache | None) -> None:
        self._cache = cache

    def fetch(
        self, _item_id: str, load: Callable[[], Representation | None]
    ) -> Fetched[Representation]:
        """Return what `load` returns."""
        telemetry.add_fields(cache="bypass", reason=SWITCHED_OFF)
        return Fetched(load(), Outcome.BYPASS)

    def fetch_many(
        self,
        item_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Callable[[Representation], None],
    ) -> dict[str, Representation | None]:
        """Return what `load` returns, once each item has passed `check`."""
        telemetry.add_fields(hits=0, misses=0, bypasses=len(item_ids), reason=SWITCHED_OFF)
        loaded = load(item_ids)
        for item in loaded.values():
            check(item)
        return {**dict.fromkeys(item_ids), **loaded}

    def fenced(self, item_id: str) -> AbstractContextManager[None]:
        """Hold off readers of other processes, where the cache may still be on."""
        return nullcontext() if self._cache is None else self._cache.fenced(item_id)

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """Delete the entries, if there is a Redis to hold them."""
        return 0 if self._cache is None else self._cache.invalidate(entries)
