"""The cache with many keys at once: the same states as with one key."""

from collections.abc import Mapping, Sequence

import pytest
from fakeredis import FakeServer

from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.errors import CacheUnavailable, StoreUnavailable
from chalicelib.redis_store import RedisStore
from chalicelib.redis_store.circuit_breaker import FAILURES
from tests.doubles.caching import CountingLoader, a_cache
from tests.doubles.recording import Recorder


class ManyLoader:
    """Loads many texts and records the requested keys. Calls `meanwhile` during the load."""

    def __init__(self, texts: Mapping[str, str], meanwhile: CountingLoader | None = None) -> None:
        self.texts = texts
        self.requested: list[list[str]] = []
        self._meanwhile = meanwhile

    def __call__(self, keys: Sequence[str]) -> dict[str, str]:
        self.requested.append(list(keys))
        if self._meanwhile is not None:
            self._meanwhile()
        return {key: self.texts[key] for key in keys if key in self.texts}


def _hits(cache: Cache[str], *keys: str) -> list[Fetched[str]]:
    return [cache.fetch(key, CountingLoader("loaded")) for key in keys]


def test_misses_are_loaded_together_and_filled(cache: Cache[str]) -> None:
    """One load for all keys; then each key is a hit, including the missing one."""
    loader = ManyLoader({"a": "one", "b": "two"})

    assert {"a": "one", "b": "two", "c": None} == cache.fetch_many(["a", "b", "c"], loader)
    assert {"a": "one", "b": "two", "c": None} == cache.fetch_many(["a", "b", "c"], loader)

    assert [["a", "b", "c"]] == loader.requested
    assert [(text, Outcome.HIT) for text in ("one", "two", None)] == _hits(cache, "a", "b", "c")


def test_cached_keys_are_not_loaded(cache: Cache[str]) -> None:
    """Only the missing key is loaded."""
    cache.fetch("a", CountingLoader("cached"))
    loader = ManyLoader({"a": "stale", "b": "two"})

    assert {"a": "cached", "b": "two"} == cache.fetch_many(["a", "b"], loader)
    assert [["b"]] == loader.requested


def test_no_keys_need_no_load(cache: Cache[str]) -> None:
    """The loader is not called."""
    loader = ManyLoader({})

    assert {} == cache.fetch_many([], loader)
    assert [] == loader.requested


def test_a_fenced_key_is_loaded_and_not_filled(cache: Cache[str], redis: Recorder) -> None:
    """During a write its key is loaded, and the fence stays."""
    with cache.fenced("a"):
        assert {"a": "one"} == cache.fetch_many(["a"], ManyLoader({"a": "one"}))
        assert redis.get("a").startswith(b"W")

    assert redis.get("a") is None


def test_a_write_during_the_load_prevents_its_fill(cache: Cache[str]) -> None:
    """The value from before the commit is not cached; other keys are."""

    def write() -> None:
        with cache.fenced("a"):
            pass

    loader = ManyLoader({"a": "old", "b": "two"}, CountingLoader(meanwhile=write))
    cache.fetch_many(["a", "b"], loader)

    assert [("new", Outcome.MISS)] == [cache.fetch("a", CountingLoader("new"))]
    assert [("two", Outcome.HIT)] == _hits(cache, "b")


def test_a_lease_of_another_reader_stays(cache: Cache[str], redis: Recorder) -> None:
    """The read does not wait, and does not fill the leased key."""
    redis.set("a", b"Lother")

    assert {"a": "one"} == cache.fetch_many(["a"], ManyLoader({"a": "one"}))
    assert b"Lother" == redis.get("a")


@pytest.mark.parametrize("entry", [b"", b"garbage", b"Vother:x", b"V\xff"])
def test_an_unreadable_entry_is_replaced(cache: Cache[str], redis: Recorder, entry: bytes) -> None:
    """It counts as a miss, and the next read is a hit."""
    redis.set("a", entry)

    assert {"a": "one"} == cache.fetch_many(["a"], ManyLoader({"a": "one"}))
    assert [("one", Outcome.HIT)] == _hits(cache, "a")


def test_another_type_under_a_key_is_replaced(cache: Cache[str], redis: Recorder) -> None:
    """A hash under one key does not affect the others."""
    redis.hset("a", "field", "value")

    found = cache.fetch_many(["a", "b"], ManyLoader({"a": "one", "b": "two"}))

    assert {"a": "one", "b": "two"} == found
    assert [("one", Outcome.HIT), ("two", Outcome.HIT)] == _hits(cache, "a", "b")


def test_a_read_of_no_keys_does_not_affect_the_circuit(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """Between failed reads it does not keep the circuit closed."""
    fake_server.connected = False
    cache = a_cache(fake_redis)
    for _ in range(FAILURES):
        cache.fetch("a", CountingLoader("one"))
        cache.fetch_many([], ManyLoader({}))

    with fake_redis.commands() as sent:
        cache.fetch("a", CountingLoader("one"))

    assert [] == sent


def test_a_wrong_type_reply_resets_the_failure_count(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The server answers, so the next read is sent."""
    fake_redis.hset("a", "field", "value")
    store = RedisStore(fake_redis)
    for _ in range(2):
        for _ in range(FAILURES - 1):
            fake_server.connected = False
            with pytest.raises(CacheUnavailable, match="did not answer"):
                store.get("a")
        fake_server.connected = True
        assert b"" == store.get("a")


def test_a_failed_load_releases_all_leases(cache: Cache[str], redis: Recorder) -> None:
    """The error is raised, and the next readers do not wait."""
    failing = ManyLoader({}, CountingLoader(StoreUnavailable("down")))

    with pytest.raises(StoreUnavailable):
        cache.fetch_many(["a", "b"], failing)

    assert [None, None] == [redis.get("a"), redis.get("b")]


def test_without_redis_all_keys_are_loaded(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """One load, and no error."""
    fake_server.connected = False

    found = a_cache(fake_redis).fetch_many(["a", "b"], ManyLoader({"a": "one"}))

    assert {"a": "one", "b": None} == found


def test_an_outage_during_the_load_prevents_only_the_fill(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The caller gets the loaded items."""

    def cut() -> None:
        fake_server.connected = False

    loader = ManyLoader({"a": "one"}, CountingLoader(meanwhile=cut))

    assert {"a": "one"} == a_cache(fake_redis).fetch_many(["a"], loader)


def test_a_full_server_still_answers_hits(real_redis: Recorder) -> None:
    """Without eviction it refuses leases and fills."""
    cache = a_cache(real_redis)
    cache.fetch("a", CountingLoader("cached"))
    real_redis.config_set("maxmemory", "1")
    try:
        found = cache.fetch_many(["a", "b"], ManyLoader({"b": "two"}))
    finally:
        real_redis.config_set("maxmemory", "0")

    assert {"a": "cached", "b": "two"} == found


def test_an_open_circuit_sends_no_command(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """After a few failures no read waits for Redis."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(3):
        cache.fetch("a", CountingLoader())
    fake_server.connected = True

    assert {"a": "one"} == cache.fetch_many(["a"], ManyLoader({"a": "one"}))
    assert fake_redis.get("a") is None
