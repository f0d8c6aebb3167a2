"""
The usual cache-aside, served like the real one, for comparison.

    read    GET; on a miss load, then SET PX
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
from typing import Any, Final

import redis

from chalicelib import bootstrap
from chalicelib.caching.codec import ItemCodec
from chalicelib.caching.entries import Entries, Fetched, Outcome, Policy
from chalicelib.redis_store.client import connector
from chalicelib.resources.representation import Representation
from chalicelib.settings import Settings
from dev.server.serving import serve

_FAILURES: Final = (redis.RedisError, OSError)


class NaiveCache:
    """The usual cache-aside, fail-open."""

    def __init__(self, client: redis.Redis, settings: Settings, codec: ItemCodec) -> None:
        self._client: Any = client
        self._key = codec.key
        self._entries = Entries(
            codec,
            Policy(settings.cache_ttl_seconds, settings.cache_negative_ttl_seconds, strict=False),
        )

    def fetch(
        self, product_id: str, load: Callable[[], Representation | None]
    ) -> Fetched[Representation]:
        """Return the cached item, or load and cache it."""
        key = self._key(product_id)
        try:
            found = self._entries.read(key, self._client.get(key))
        except _FAILURES:
            return Fetched(load(), Outcome.BYPASS)
        if found is not None:
            return found
        item = load()
        value, ttl_ms = self._entries.write(item)
        with suppress(*_FAILURES):
            self._client.set(key, value, px=ttl_ms)
        return Fetched(item, Outcome.MISS)

    def fetch_many(
        self,
        product_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Callable[[Representation], None],
    ) -> dict[str, Representation | None]:
        """Fetch the items one by one."""

        def only(product_id: str) -> Representation | None:
            return load([product_id]).get(product_id)

        items = {each: self.fetch(each, partial(only, each)).item for each in product_ids}
        for item in filter(None, items.values()):
            check(item)
        return items

    @contextmanager
    def fenced(self, product_id: str) -> Iterator[None]:
        """Delete the entry after the write."""
        yield
        with suppress(*_FAILURES):
            self._client.delete(self._key(product_id))


class NaiveContainer(bootstrap.Container):
    """The project's parts with a naive cache."""

    def item_cache(self, codec: ItemCodec) -> Any:
        """Return the naive cache."""
        client = connector(self.settings)(self.settings.redis_host, self.settings.redis_port)
        return NaiveCache(client, self.settings, codec)


if __name__ == "__main__":
    sys.exit(serve(NaiveContainer(Settings.from_env(os.environ))))
