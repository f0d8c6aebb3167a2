"""What leaves a key free: entries that cannot be read, loads that failed, invalidation."""

import pytest
from fakeredis import FakeServer

from chalicelib.cache import Cache
from chalicelib.cache_entry import Fetched, Outcome
from chalicelib.errors import CacheUnavailable, StoreUnavailable
from tests.doubles.caching import Loader, a_cache
from tests.doubles.recording import Recorder

HIT, MISS = Outcome.HIT, Outcome.MISS


@pytest.mark.parametrize(
    "garbage",
    [b"", b"garbage", b"V", b"Vother-schema:x", b"V\xff\xfe", b"N1", b"vtext:", b"v" * 999],
)  # fmt: skip
def test_an_unreadable_entry_is_a_miss_and_is_replaced(
    cache: Cache[str], redis: Recorder, garbage: bytes
) -> None:
    """Bytes that nobody here wrote cost one load, and never an error."""
    redis.set("k", garbage)

    assert Fetched("new", MISS) == cache.fetch("k", Loader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", Loader("other"))


@pytest.mark.parametrize("kind", ["hset", "rpush", "sadd"])
def test_another_type_under_the_key_is_a_miss_and_is_replaced(
    cache: Cache[str], redis: Recorder, kind: str
) -> None:
    """A hash, a list or a set under the key is not an outage: it gives way."""
    arguments = {"hset": ("k", "field", "value")}.get(kind, ("k", "value"))
    getattr(redis, kind)(*arguments)

    assert Fetched("new", MISS) == cache.fetch("k", Loader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", Loader("other"))


def test_a_loader_that_fails_gives_the_lease_back(cache: Cache[str], redis: Recorder) -> None:
    """The error passes through, and the next reader need not wait."""
    with pytest.raises(StoreUnavailable):
        cache.fetch("k", Loader(StoreUnavailable("down")))

    assert redis.get("k") is None
    assert Fetched("new", MISS) == cache.fetch("k", Loader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", Loader("other"))


def test_a_loader_that_fails_spares_a_fence(cache: Cache[str], redis: Recorder) -> None:
    """A reader's failure does not let others fill while a writer is under way."""
    failing = Loader(StoreUnavailable("down"), meanwhile=lambda: cache.fence("k", "writer"))

    with pytest.raises(StoreUnavailable):
        cache.fetch("k", failing)

    assert redis.get("k").startswith(b"W")


def test_an_unforeseen_error_of_the_loader_passes_through(cache: Cache[str]) -> None:
    """Errors that the catalog does not know are not swallowed."""
    with pytest.raises(ZeroDivisionError):
        cache.fetch("k", Loader(ZeroDivisionError()))


def test_invalidation_takes_a_value_away(cache: Cache[str]) -> None:
    """After an invalidation the next read loads."""
    cache.fetch("k", Loader("old"))

    cache.invalidate("k")

    assert Fetched("new", MISS) == cache.fetch("k", Loader("new"))


@pytest.mark.parametrize("entry", [b"Llease", b"N", b"Vtext:x", b"garbage"])
def test_invalidation_takes_everything_but_a_fence(
    cache: Cache[str], redis: Recorder, entry: bytes
) -> None:
    """Values, leases, negative and broken entries go."""
    redis.set("k", entry)

    cache.invalidate("k")

    assert redis.get("k") is None


def test_invalidation_spares_a_fence(cache: Cache[str], redis: Recorder) -> None:
    """A stream record that comes late must not open the way for readers."""
    cache.fence("k", "writer")

    cache.invalidate("k")

    assert redis.get("k").startswith(b"W")


def test_invalidation_tells_of_an_outage(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """Who invalidates from the stream must know that it failed."""
    fake_server.connected = False

    with pytest.raises(CacheUnavailable):
        a_cache(fake_redis).invalidate("k")
