"""Doubles for tests of the cache: a codec of texts, a counting loader, and a fake sleep."""

from collections.abc import Callable
from typing import Any

import redis

from chalicelib.caching.entries import Policy
from chalicelib.caching.protocol import Cache, Store
from chalicelib.redis_store import RedisStore
from chalicelib.redis_store.client import connector
from chalicelib.settings import Settings
from tests.doubles.cluster import RecordingCluster

TTL_SECONDS, NEGATIVE_TTL_SECONDS = 1000, 10


class TextCodec:
    """Encodes texts as UTF-8 with a prefix, so that other bytes are invalid."""

    def encode(self, item: str) -> bytes:
        return f"text:{item}".encode()

    def decode(self, _key: str, data: bytes) -> str:
        mark, _, text = data.decode().partition(":")
        if mark != "text":
            raise ValueError(mark)
        return text


class CountingLoader:
    """Returns `item`, or raises it if it is an error, and counts the calls."""

    def __init__(self, item: Any = "loaded", meanwhile: Callable[[], Any] = lambda: None) -> None:
        self.item = item
        self.calls = 0
        self._meanwhile = meanwhile

    def __call__(self) -> Any:
        self.calls += 1
        self._meanwhile()
        if isinstance(self.item, BaseException):
            raise self.item
        return self.item


class FakeSleep:
    """Replaces `sleep`: records the seconds, and calls `meanwhile`."""

    def __init__(self, meanwhile: Callable[[], Any] = lambda: None) -> None:
        self.seconds: list[float] = []
        self.meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.meanwhile()


def a_client(settings: Settings) -> redis.Redis:
    """Return the application's own client for the server in the settings."""
    return connector(settings)(settings.redis_host, settings.redis_port)


def a_cache(
    client: Any, *, strict: bool = False, sleep: Callable[[float], None] | None = None
) -> Cache[str]:
    """Return a cache of texts that uses a client."""
    policy = Policy(TTL_SECONDS, NEGATIVE_TTL_SECONDS, strict=strict)
    return Cache(_store(client), TextCodec(), policy, sleep or FakeSleep())


def _store(client: Any) -> Store:
    if not isinstance(client, RecordingCluster):
        return RedisStore(client)
    store = client.store()
    store.get("product:k")  # loads the map of slots
    return store
