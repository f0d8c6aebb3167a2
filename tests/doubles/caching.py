"""What a cache is tested with: a codec of texts, a loader that counts, a sleep that can act."""

from collections.abc import Callable
from typing import Any

from chalicelib.cache import Cache, Store
from chalicelib.cache_entry import Policy
from chalicelib.circuit_breaker import CircuitBreaker
from chalicelib.redis_client import RedisStore
from tests.doubles.cluster import RecordingCluster

TTL_SECONDS, NEGATIVE_TTL_SECONDS = 1000, 10


class Texts:
    """Keeps texts as UTF-8 behind a mark, so that other bytes can't be read."""

    def encode(self, item: str) -> bytes:
        return f"text:{item}".encode()

    def decode(self, _key: str, data: bytes) -> str:
        mark, _, text = data.decode().partition(":")
        if mark != "text":
            raise ValueError(mark)
        return text


class Loader:
    """Gives `item` (raises it, if it is an error) and counts how often it was asked."""

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


class Naps:
    """Stands in for `sleep`: notes the seconds, and lets something happen meanwhile."""

    def __init__(self, meanwhile: Callable[[], Any] = lambda: None) -> None:
        self.seconds: list[float] = []
        self._meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._meanwhile()


def a_cache(
    redis: Any, *, strict: bool = False, sleep: Callable[[float], None] | None = None
) -> Cache[str]:
    """Return a cache of texts over `redis`."""
    policy = Policy(TTL_SECONDS, NEGATIVE_TTL_SECONDS, strict=strict)
    return Cache(_store(redis), Texts(), policy, sleep or Naps())


def _store(redis: Any) -> Store:
    if not isinstance(redis, RecordingCluster):
        return RedisStore(redis, CircuitBreaker())
    store = redis.store()
    store.ping()  # it learns who has which keys
    return store
