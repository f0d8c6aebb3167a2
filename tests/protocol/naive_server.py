"""
The usual cache-aside, served like the real one, for comparison.

    read    GET; on a miss load, then SET EX
    write   commit, then DEL

Routes, repository, Redis client and entries are the project's. Only the protocol differs. Run by
`python -m dev.faults --server naive`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import redis

from chalicelib import bootstrap
from chalicelib.caching.entries import NEGATIVE, VALUE, Fetched, Outcome
from chalicelib.products.cache import CODEC
from chalicelib.redis_store.client import connector
from chalicelib.resources.representation import Representation as Item
from chalicelib.settings import Settings
from dev.server.serving import serve

_FAILURES: Final = (redis.RedisError, OSError)


class NaiveCache:
    """The usual cache-aside, fail-open."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._client = client
        self._seconds = settings.cache_ttl_seconds
        self._negative_seconds = settings.cache_negative_ttl_seconds
        self._codec = CODEC

    def fetch(self, product_id: str, load: Callable[[], Item | None]) -> Fetched[Item]:
        """Return the cached item, or load and cache it."""
        try:
            raw = self._client.get(CODEC.key(product_id))
        except _FAILURES:
            return Fetched(load(), Outcome.BYPASS)
        if raw is not None:
            item = None if raw == NEGATIVE else self._codec.decode(CODEC.key(product_id), raw[1:])
            return Fetched(item, Outcome.HIT)
        item = load()
        with suppress(*_FAILURES):
            self._fill(CODEC.key(product_id), item)
        return Fetched(item, Outcome.MISS)

    def fetch_many(
        self,
        product_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Item]],
        check: Callable[[Item], None],
    ) -> dict[str, Item | None]:
        """Fetch the items one by one."""
        items = {each: self.fetch(each, partial(_only, load, each)).item for each in product_ids}
        for item in filter(None, items.values()):
            check(item)
        return items

    @contextmanager
    def fenced(self, product_id: str) -> Iterator[None]:
        """Delete the entry after the write."""
        yield
        with suppress(*_FAILURES):
            self._client.delete(CODEC.key(product_id))

    def _fill(self, key: str, item: Item | None) -> None:
        if item is None:
            self._client.set(key, NEGATIVE, ex=self._negative_seconds)
        else:
            self._client.set(key, VALUE + self._codec.encode(item), ex=self._seconds)


def _only(load: Callable[[Sequence[str]], Mapping[str, Item]], product_id: str) -> Item | None:
    return load([product_id]).get(product_id)


class NaiveContainer(bootstrap.Container):
    """The project's parts with a naive cache."""

    def item_cache(self, _codec: object) -> NaiveCache:
        """Return the naive cache."""
        settings = self.settings
        return NaiveCache(connector(settings)(settings.redis_host, settings.redis_port), settings)


if __name__ == "__main__":
    sys.exit(serve(NaiveContainer(Settings.from_env(os.environ))))
