"""Keys become free: unreadable entries, failed loads and invalidation."""

from collections.abc import Sequence

import pytest
from fakeredis import FakeServer

from chalicelib.caching import invalidation
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.errors import CacheUnavailable, StoreUnavailable
from chalicelib.redis_store import RedisStore
from chalicelib.redis_store.store import AT_ONCE, Command
from tests.doubles.caching import CountingLoader, a_cache
from tests.doubles.cluster import RecordingCluster
from tests.doubles.recording import Recorder

HIT, MISS = Outcome.HIT, Outcome.MISS


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"V", b"Vother-schema:x", b"V\xff\xfe", b"N1", b"vtext:", b"v" * 999],
)  # fmt: skip
def test_an_unreadable_entry_is_a_miss_and_is_replaced(
    cache: Cache[str], redis: Recorder, garbage: bytes
) -> None:
    """Invalid bytes cost one load, and are never an error."""
    redis.set("k", garbage)

    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("other"))


@pytest.mark.parametrize("kind", ["hset", "rpush", "sadd"])
def test_another_type_under_the_key_is_a_miss_and_is_replaced(
    cache: Cache[str], redis: Recorder, kind: str
) -> None:
    """A hash, a list or a set under the key is replaced and is not an outage."""
    arguments = {"hset": ("k", "field", "value")}.get(kind, ("k", "value"))
    getattr(redis, kind)(*arguments)

    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("other"))


@pytest.mark.parametrize("error", [StoreUnavailable("down"), ZeroDivisionError()], ids=repr)
def test_a_failed_load_releases_the_lease(
    cache: Cache[str], redis: Recorder, error: Exception
) -> None:
    """The error is raised, and the next reader does not wait."""
    with pytest.raises(type(error)):
        cache.fetch("k", CountingLoader(error))

    assert redis.get("k") is None
    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("other"))


def test_a_failed_load_keeps_a_fence(cache: Cache[str], redis: Recorder) -> None:
    """A failed reader does not allow fills during a write."""
    failing = CountingLoader(StoreUnavailable("down"), meanwhile=lambda: cache.fence("k", "writer"))

    with pytest.raises(StoreUnavailable):
        cache.fetch("k", failing)

    assert redis.get("k").startswith(b"W")


@pytest.mark.parametrize("kept", [None, b"Vtext:newer", b"N"])
@pytest.mark.parametrize("entry", [b"Llease", b"Vtext:x", b"garbage", b"V", b""])
def test_invalidation_deletes_everything_but_a_fence_and_the_given_entry(
    cache: Cache[str], redis: Recorder, entry: bytes, kept: bytes | None
) -> None:
    """Values, leases and invalid entries are deleted."""
    redis.set("k", entry)

    assert 1 == cache.invalidate({"k": kept})
    assert redis.get("k") is None


def test_invalidation_deletes_another_type(cache: Cache[str], redis: Recorder) -> None:
    """The cache never writes a hash."""
    redis.hset("k", "field", "value")

    cache.invalidate({"k": b"N"})

    assert not redis.exists("k")


@pytest.mark.parametrize("entry", [b"Vtext:x", b"N", "VtextÜ".encode() + b"\x00\xff"])
def test_invalidation_keeps_the_given_entry(
    cache: Cache[str], redis: Recorder, entry: bytes
) -> None:
    """An entry that is up to date keeps its TTL."""
    redis.set("k", entry, px=60_000)

    assert 0 == cache.invalidate({"k": entry})
    assert entry == redis.get("k")
    assert 50_000 < redis.pttl("k") <= 60_000


@pytest.mark.parametrize("kept", [None, b"Vtext:x"])
def test_invalidation_keeps_a_fence(cache: Cache[str], redis: Recorder, kept: bytes | None) -> None:
    """A late stream record must not allow fills during a write."""
    cache.fence("k", "writer")

    assert 0 == cache.invalidate({"k": kept})
    assert redis.get("k").startswith(b"W")


def test_many_keys_are_invalidated_in_few_round_trips(redis: Recorder | RecordingCluster) -> None:
    """Each key is compared with its own entry."""
    cache = a_cache(redis)
    keys = [f"k{n}" for n in range(2 * AT_ONCE + 5)]
    for key in keys:
        redis.set(key, b"Vtext:" + key.encode())

    assert AT_ONCE == cache.invalidate(
        {key: b"Vtext:" + key.encode() if n >= AT_ONCE else b"N" for n, key in enumerate(keys)}
    )
    assert keys[AT_ONCE:] == [key for key in keys if redis.exists(key)]


def test_invalidation_raises_in_an_outage(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """The stream must retry a failed invalidation."""
    fake_server.connected = False

    with pytest.raises(CacheUnavailable):
        a_cache(fake_redis).invalidate({"k": None})


class _FailsFirst(RedisStore):
    """Fails at the first round trip."""

    def __init__(self, redis: Recorder) -> None:
        super().__init__(redis)
        self._fails = True

    def run_many(self, script: str, calls: Sequence[Command]) -> Sequence[int]:
        """Raise at the first call."""
        if self._fails:
            self._fails = False
            raise CacheUnavailable("lost")
        return super().run_many(script, calls)


def test_every_key_is_tried_before_invalidation_raises(fake_redis: Recorder) -> None:
    """The retry has fewer keys to delete."""
    keys = [f"k{n}" for n in range(2 * AT_ONCE)]
    for key in keys:
        fake_redis.set(key, b"Vtext:old")

    with pytest.raises(CacheUnavailable):
        invalidation.invalidate(_FailsFirst(fake_redis), dict.fromkeys(keys))

    assert keys[:AT_ONCE] == [key for key in keys if fake_redis.exists(key)]
