"""The contract of the cache for readers: hit, miss, lease, fill and negative entries."""

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
    """A miss fills the key; from then on the cache answers."""
    loader = CountingLoader("mouse")

    assert Fetched("mouse", MISS) == cache.fetch("k", loader)
    assert Fetched("mouse", HIT) == cache.fetch("k", loader)
    assert 1 == loader.calls


def test_a_hit_is_one_command_and_a_miss_three(cache: Cache[str], redis: Recorder) -> None:
    """A hit is one GET; a miss looks, leases and fills."""
    with redis.commands() as miss:
        cache.fetch("k", CountingLoader())
    with redis.commands() as hit:
        cache.fetch("k", CountingLoader())

    assert ["GETEX", "SET", "EVAL"] == miss
    assert ["GETEX"] == hit


def test_that_there_is_nothing_is_remembered_too(cache: Cache[str]) -> None:
    """A negative entry answers like a value."""
    loader = CountingLoader(None)

    assert Fetched(None, MISS) == cache.fetch("k", loader)
    assert Fetched(None, HIT) == cache.fetch("k", loader)
    assert 1 == loader.calls


def test_keys_do_not_mix(cache: Cache[str]) -> None:
    """Each key has its own entry."""
    cache.fetch("a", CountingLoader("one"))

    assert Fetched("two", MISS) == cache.fetch("b", CountingLoader("two"))
    assert Fetched("one", HIT) == cache.fetch("a", CountingLoader("three"))


@pytest.mark.parametrize(
    "item", ["", "N", "L", "W", "V", "ü 日本 👩‍👩‍👧‍👦", "a\nb\0c", "x" * 500_000]
)
def test_any_value_comes_back_unchanged(cache: Cache[str], item: Any) -> None:
    """A value may look like another state's mark, be empty or large."""
    cache.fetch("k", CountingLoader(item))

    assert Fetched(item, HIT) == cache.fetch("k", CountingLoader("other"))


def test_lives_of_values_differ_by_up_to_a_tenth(cache: Cache[str], redis: Recorder) -> None:
    """The TTL is the setting's, give or take 10 %, and not the same for each entry."""
    keys = [f"k{n}" for n in range(40)]
    for key in keys:
        cache.fetch(key, CountingLoader())

    lives = [redis.pttl(key) for key in keys]

    low, high = TTL_SECONDS * 900 - 10_000, TTL_SECONDS * 1100
    assert all(low <= life <= high for life in lives)
    assert max(lives) - min(lives) > TTL_SECONDS * 20


def test_negative_entries_live_briefly(cache: Cache[str], redis: Recorder) -> None:
    """What was not there may be there soon."""
    cache.fetch("k", CountingLoader(None))

    assert 0 < redis.pttl("k") <= NEGATIVE_TTL_SECONDS * 1000


def test_while_a_reader_loads_its_lease_stands(cache: Cache[str], redis: Recorder) -> None:
    """The lease is there before the loader is called, and lives for LEASE_MS."""
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
    """Whatever took the lease's place, or nothing, stays."""

    def lose() -> None:
        redis.delete("k") if lost_to is None else redis.set("k", lost_to)

    fetched = cache.fetch("k", CountingLoader("old", meanwhile=lose))

    assert Fetched("old", MISS) == fetched
    assert lost_to == redis.get("k")


def test_who_finds_a_lease_waits_and_sees_the_value(redis: Recorder) -> None:
    """A reader behind another polls, and is given what the other one fills in."""
    naps = FakeSleep(meanwhile=lambda: redis.set("k", b"Vtext:theirs"))
    redis.set("k", b"Ltheirs")
    loader = CountingLoader("mine")

    assert Fetched("theirs", HIT) == a_cache(redis, sleep=naps).fetch("k", loader)
    assert 0 == loader.calls
    assert 1 == len(naps.seconds)


def test_who_waits_in_vain_loads_and_does_not_fill(redis: Recorder) -> None:
    """After POLLS short naps a reader loads by itself and leaves the other's lease alone."""
    naps = FakeSleep()
    redis.set("k", b"Ltheirs")

    fetched = a_cache(redis, sleep=naps).fetch("k", CountingLoader("mine"))

    assert Fetched("mine", MISS) == fetched
    assert b"Ltheirs" == redis.get("k")
    assert POLLS == len(naps.seconds)
    assert all(POLL_SECONDS[0] <= nap <= POLL_SECONDS[1] for nap in naps.seconds)
    assert sum(naps.seconds) <= 0.25


def test_who_waits_takes_over_a_lease_that_ended(redis: Recorder) -> None:
    """A reader that died leaves no gap: the next one leases and fills."""
    naps = FakeSleep(meanwhile=lambda: redis.delete("k"))
    redis.set("k", b"Ldead")
    cache = a_cache(redis, sleep=naps)

    assert Fetched("mine", MISS) == cache.fetch("k", CountingLoader("mine"))
    assert Fetched("mine", HIT) == cache.fetch("k", CountingLoader("other"))
