"""The cache for readers: hit, miss, lease, fill and negative entries."""

from typing import Any

import pytest

from chalicelib.caching.entries import LEASE_MS, Fetched, Outcome
from chalicelib.caching.protocol import POLL_SECONDS, POLLS, Cache
from tests.doubles.caching import (
    NEGATIVE_TTL_SECONDS,
    TTL_SECONDS,
    CountingLoader,
    FakeSleep,
    a_cache,
)
from tests.doubles.recording import Recorder

HIT, MISS = Outcome.HIT, Outcome.MISS


def test_the_first_read_loads_and_the_second_hits(cache: Cache[str]) -> None:
    """A miss fills the key."""
    loader = CountingLoader("mouse")

    assert Fetched("mouse", MISS) == cache.fetch("k", loader)
    assert Fetched("mouse", HIT) == cache.fetch("k", loader)
    assert 1 == loader.calls


def test_a_hit_is_one_command_and_a_miss_three(cache: Cache[str], redis: Recorder) -> None:
    """A hit is one GETEX; a miss reads, leases and fills."""
    with redis.commands() as miss:
        cache.fetch("k", CountingLoader())
    with redis.commands() as hit:
        cache.fetch("k", CountingLoader())

    assert ["GETEX", "SET", "EVAL"] == miss
    assert ["GETEX"] == hit


def test_a_missing_item_is_cached(cache: Cache[str]) -> None:
    """A negative entry is a hit."""
    loader = CountingLoader(None)

    assert Fetched(None, MISS) == cache.fetch("k", loader)
    assert Fetched(None, HIT) == cache.fetch("k", loader)
    assert 1 == loader.calls


def test_keys_are_independent(cache: Cache[str]) -> None:
    """Each key has its own entry."""
    cache.fetch("a", CountingLoader("one"))

    assert Fetched("two", MISS) == cache.fetch("b", CountingLoader("two"))
    assert Fetched("one", HIT) == cache.fetch("a", CountingLoader("three"))


@pytest.mark.parametrize(
    "item", ["", "N", "L", "W", "V", "ü 日本 👩‍👩‍👧‍👦", "a\nb\0c", "x" * 500_000]
)
def test_any_value_is_returned_unchanged(cache: Cache[str], item: Any) -> None:
    """A value may be empty, large, or equal to another state's mark."""
    cache.fetch("k", CountingLoader(item))

    assert Fetched(item, HIT) == cache.fetch("k", CountingLoader("other"))


def test_ttls_have_jitter(cache: Cache[str], redis: Recorder) -> None:
    """TTLs are within 10 % of the setting and differ between entries."""
    keys = [f"k{n}" for n in range(40)]
    for key in keys:
        cache.fetch(key, CountingLoader())

    lives = [redis.pttl(key) for key in keys]

    low, high = TTL_SECONDS * 900 - 10_000, TTL_SECONDS * 1100
    assert all(low <= life <= high for life in lives)
    assert max(lives) - min(lives) > TTL_SECONDS * 20


def test_negative_entries_have_a_short_ttl(cache: Cache[str], redis: Recorder) -> None:
    """A missing item may be created soon."""
    cache.fetch("k", CountingLoader(None))

    assert 0 < redis.pttl("k") <= NEGATIVE_TTL_SECONDS * 1000


def test_a_load_holds_a_lease(cache: Cache[str], redis: Recorder) -> None:
    """The lease is placed before the load, with a TTL of LEASE_MS."""
    seen = []

    cache.fetch(
        "k", CountingLoader(meanwhile=lambda: seen.extend([redis.get("k")[:1], redis.pttl("k")]))
    )

    assert b"L" == seen[0]
    assert 0 < seen[1] <= LEASE_MS


@pytest.mark.parametrize("lost_to", [None, b"Lanother", b"Vtext:newer", b"N", b"W9999999999999:a"])
def test_a_reader_that_lost_its_lease_does_not_fill(
    cache: Cache[str], redis: Recorder, lost_to: bytes | None
) -> None:
    """The key keeps its new content."""

    def lose() -> None:
        redis.delete("k") if lost_to is None else redis.set("k", lost_to)

    fetched = cache.fetch("k", CountingLoader("old", meanwhile=lose))

    assert Fetched("old", MISS) == fetched
    assert lost_to == redis.get("k")


def test_a_waiting_reader_gets_the_filled_value(redis: Recorder) -> None:
    """A reader that finds a lease polls until the other reader fills the key."""
    sleep = FakeSleep(meanwhile=lambda: redis.set("k", b"Vtext:other"))
    redis.set("k", b"Lother")
    loader = CountingLoader("mine")

    assert Fetched("other", HIT) == a_cache(redis, sleep=sleep).fetch("k", loader)
    assert 0 == loader.calls
    assert 1 == len(sleep.seconds)


def test_a_reader_loads_after_waiting_too_long(redis: Recorder) -> None:
    """After POLLS polls it loads the item, and the other reader's lease stays."""
    sleep = FakeSleep()
    redis.set("k", b"Lother")

    fetched = a_cache(redis, sleep=sleep).fetch("k", CountingLoader("mine"))

    assert Fetched("mine", MISS) == fetched
    assert b"Lother" == redis.get("k")
    assert POLLS == len(sleep.seconds)
    assert all(POLL_SECONDS[0] <= pause <= POLL_SECONDS[1] for pause in sleep.seconds)
    assert sum(sleep.seconds) <= 0.25


def test_a_waiting_reader_takes_over_an_expired_lease(redis: Recorder) -> None:
    """If a reader dies, the next one leases and fills."""
    sleep = FakeSleep(meanwhile=lambda: redis.delete("k"))
    redis.set("k", b"Ldead")
    cache = a_cache(redis, sleep=sleep)

    assert Fetched("mine", MISS) == cache.fetch("k", CountingLoader("mine"))
    assert Fetched("mine", HIT) == cache.fetch("k", CountingLoader("other"))
