"""The contract of the cache for many keys at once: the same states as for one."""

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


class Shelf:
    """Loads many texts; notes which were asked for, and lets something happen meanwhile."""

    def __init__(self, texts: Mapping[str, str], meanwhile: CountingLoader | None = None) -> None:
        self.texts = texts
        self.asked: list[list[str]] = []
        self._meanwhile = meanwhile

    def __call__(self, keys: Sequence[str]) -> dict[str, str]:
        self.asked.append(list(keys))
        if self._meanwhile is not None:
            self._meanwhile()
        return {key: self.texts[key] for key in keys if key in self.texts}


def _hits(cache: Cache[str], *keys: str) -> list[Fetched[str]]:
    return [cache.fetch(key, CountingLoader("loaded")) for key in keys]


def test_what_missed_is_loaded_at_once_and_filled(cache: Cache[str]) -> None:
    """One call of the loader for all; from then on each key is a hit, the missing one too."""
    shelf = Shelf({"a": "one", "b": "two"})

    assert {"a": "one", "b": "two", "c": None} == cache.fetch_many(["a", "b", "c"], shelf)
    assert {"a": "one", "b": "two", "c": None} == cache.fetch_many(["a", "b", "c"], shelf)

    assert [["a", "b", "c"]] == shelf.asked
    assert [(text, Outcome.HIT) for text in ("one", "two", None)] == _hits(cache, "a", "b", "c")


def test_what_is_cached_is_not_loaded(cache: Cache[str]) -> None:
    """Only what is missing is asked for."""
    cache.fetch("a", CountingLoader("cached"))
    shelf = Shelf({"a": "stale", "b": "two"})

    assert {"a": "cached", "b": "two"} == cache.fetch_many(["a", "b"], shelf)
    assert [["b"]] == shelf.asked


def test_no_keys_cost_no_load(cache: Cache[str]) -> None:
    """Nothing asked, nothing done."""
    shelf = Shelf({})

    assert {} == cache.fetch_many([], shelf)
    assert [] == shelf.asked


def test_a_fence_is_respected(cache: Cache[str], redis: Recorder) -> None:
    """While a write is under way its key is loaded and left alone."""
    with cache.fenced("a"):
        assert {"a": "one"} == cache.fetch_many(["a"], Shelf({"a": "one"}))
        assert redis.get("a").startswith(b"W")

    assert redis.get("a") is None


def test_a_write_meanwhile_keeps_the_old_value_out(cache: Cache[str]) -> None:
    """What was loaded before the commit is not cached behind it, and the rest is."""

    def write() -> None:
        with cache.fenced("a"):
            pass

    shelf = Shelf({"a": "old", "b": "two"}, CountingLoader(meanwhile=write))
    cache.fetch_many(["a", "b"], shelf)

    assert [("new", Outcome.MISS)] == [cache.fetch("a", CountingLoader("new"))]
    assert [("two", Outcome.HIT)] == _hits(cache, "b")


def test_another_s_lease_is_left_alone(cache: Cache[str], redis: Recorder) -> None:
    """Nobody waits, and nobody's lease is filled over."""
    redis.set("a", b"Ltheirs")

    assert {"a": "one"} == cache.fetch_many(["a"], Shelf({"a": "one"}))
    assert b"Ltheirs" == redis.get("a")


@pytest.mark.parametrize("entry", [b"", b"garbage", b"Vother:x", b"V\xff"])
def test_what_cannot_be_read_is_replaced(cache: Cache[str], redis: Recorder, entry: bytes) -> None:
    """It counts as a miss, and the next read is a hit."""
    redis.set("a", entry)

    assert {"a": "one"} == cache.fetch_many(["a"], Shelf({"a": "one"}))
    assert [("one", Outcome.HIT)] == _hits(cache, "a")


def test_another_type_under_a_key_is_replaced(cache: Cache[str], redis: Recorder) -> None:
    """A hash under one key does not spoil the others."""
    redis.hset("a", "field", "value")

    found = cache.fetch_many(["a", "b"], Shelf({"a": "one", "b": "two"}))

    assert {"a": "one", "b": "two"} == found
    assert [("one", Outcome.HIT), ("two", Outcome.HIT)] == _hits(cache, "a", "b")


def test_nothing_to_ask_teaches_the_circuit_nothing(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """A read of no keys between reads that fail does not keep the circuit closed."""
    fake_server.connected = False
    cache = a_cache(fake_redis)
    for _ in range(FAILURES):
        cache.fetch("a", CountingLoader("one"))
        cache.fetch_many([], Shelf({}))

    with fake_redis.commands() as sent:
        cache.fetch("a", CountingLoader("one"))

    assert [] == sent


def test_a_key_of_another_type_is_an_answer(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """Between failures it starts their row again: the next read is sent."""
    fake_redis.hset("a", "field", "value")
    store = RedisStore(fake_redis)
    for _ in range(2):
        for _ in range(FAILURES - 1):
            fake_server.connected = False
            with pytest.raises(CacheUnavailable, match="did not answer"):
                store.get("a")
        fake_server.connected = True
        assert b"" == store.get("a")


def test_a_loader_that_fails_gives_the_leases_back(cache: Cache[str], redis: Recorder) -> None:
    """The error passes through, and the next readers need not wait."""
    failing = Shelf({}, CountingLoader(StoreUnavailable("down")))

    with pytest.raises(StoreUnavailable):
        cache.fetch_many(["a", "b"], failing)

    assert [None, None] == [redis.get("a"), redis.get("b")]


def test_without_redis_all_are_loaded(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """One call of the loader, and no error."""
    fake_server.connected = False

    found = a_cache(fake_redis).fetch_many(["a", "b"], Shelf({"a": "one"}))

    assert {"a": "one", "b": None} == found


def test_redis_lost_while_loading_loses_only_the_fill(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """Who asked still gets what was loaded."""

    def cut() -> None:
        fake_server.connected = False

    shelf = Shelf({"a": "one"}, CountingLoader(meanwhile=cut))

    assert {"a": "one"} == a_cache(fake_redis).fetch_many(["a"], shelf)


def test_a_server_that_takes_no_writes_still_answers(real_redis: Recorder) -> None:
    """Full and told not to evict, it refuses lease and fill; hits go on."""
    cache = a_cache(real_redis)
    cache.fetch("a", CountingLoader("cached"))
    real_redis.config_set("maxmemory", "1")
    try:
        found = cache.fetch_many(["a", "b"], Shelf({"b": "two"}))
    finally:
        real_redis.config_set("maxmemory", "0")

    assert {"a": "cached", "b": "two"} == found


def test_an_open_circuit_is_not_asked(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """After a few failures no round trip is waited for."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(3):
        cache.fetch("a", CountingLoader())
    fake_server.connected = True

    assert {"a": "one"} == cache.fetch_many(["a"], Shelf({"a": "one"}))
    assert fake_redis.get("a") is None
