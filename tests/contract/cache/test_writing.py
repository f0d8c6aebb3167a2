"""The cache for writers: fence, release, known and unknown failures."""

import json
import re
import time
from pathlib import Path

import pytest

from chalicelib.caching.entries import FENCE_MS, Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.errors import NotFound, OutcomeUnknown, PreconditionFailed, StoreUnavailable
from tests.doubles.caching import CountingLoader, FakeSleep, a_cache
from tests.doubles.recording import Recorder

HIT, MISS = Outcome.HIT, Outcome.MISS


def _tokens(redis: Recorder) -> list[bytes]:
    return re.findall(rb":(\w+)", redis.get("k"))


@pytest.mark.parametrize("entry", [b"Vtext:old", b"Lreader", b"N", b"garbage", b""])
def test_a_fence_replaces_every_entry(cache: Cache[str], redis: Recorder, entry: bytes) -> None:
    """No value and no lease stays before the commit."""
    redis.set("k", entry)

    with cache.fenced("k"):
        assert redis.get("k").startswith(b"W")


def test_a_fence_replaces_another_type(cache: Cache[str], redis: Recorder) -> None:
    """A hash under the key does not prevent a fence."""
    redis.hset("k", "field", "value")

    with cache.fenced("k"):
        assert redis.get("k").startswith(b"W")

    assert redis.get("k") is None


def test_a_fence_expires(cache: Cache[str], redis: Recorder) -> None:
    """A fence without a release ends after FENCE_MS."""
    cache.fence("k", "dead")

    assert FENCE_MS - 5_000 < redis.pttl("k") <= FENCE_MS


def test_a_fence_outlives_its_lambda() -> None:
    """Otherwise a slow writer could commit after its fence has expired."""
    config = Path(__file__).parents[3] / ".chalice" / "config.json"

    assert FENCE_MS > 1000 * json.loads(config.read_text("utf-8"))["lambda_timeout"]


def test_a_release_does_not_extend_other_fences(cache: Cache[str], redis: Recorder) -> None:
    """The remaining fence ends at its last deadline."""
    seconds, _ = redis.time()
    redis.set("k", f"W{(seconds + 20) * 1000}:living")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= 20_000


def test_readers_do_not_fill_behind_a_fence(cache: Cache[str], redis: Recorder) -> None:
    """No value is cached during a write; each reader waits for it once."""
    with cache.fenced("k"), redis.commands() as sent:
        assert Fetched("any", MISS) == cache.fetch("k", CountingLoader("any"))
        assert Fetched("any", MISS) == cache.fetch("k", CountingLoader("any"))

    assert ["GETEX"] * 4 == sent


def test_a_reader_that_meets_a_write_fills_after_it(redis: Recorder) -> None:
    """Then the write costs its readers one miss."""
    sleep = FakeSleep()
    cache = a_cache(redis, sleep=sleep)
    cache.fence("k", "writer")
    sleep.meanwhile = lambda: cache.release("k", "writer")

    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))

    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("newer"))
    assert 1 == len(sleep.seconds)


def test_a_fence_that_is_left_standing_delays_no_reader(redis: Recorder) -> None:
    """The writer began more than a second ago: it is dead, or its outcome is unknown."""
    sleep = FakeSleep()
    cache = a_cache(redis, sleep=sleep)
    redis.set("k", f"W{int(time.time() * 1000) + FENCE_MS - 1_500}:dead")

    assert Fetched("any", MISS) == cache.fetch("k", CountingLoader("any"))

    assert [] == sleep.seconds


def test_a_release_deletes_the_key(cache: Cache[str], redis: Recorder) -> None:
    """The next read loads and fills."""
    cache.fetch("k", CountingLoader("old"))
    with cache.fenced("k"):
        pass

    assert redis.get("k") is None
    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("old"))


def test_a_read_from_before_the_write_does_not_fill_after_it(cache: Cache[str]) -> None:
    """The value from before the commit is not cached."""

    def write() -> None:
        with cache.fenced("k"):
            pass

    cache.fetch("k", CountingLoader("old", meanwhile=write))

    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))


def test_the_last_of_two_writers_deletes_the_fence(cache: Cache[str], redis: Recorder) -> None:
    """The fence stays until both writes end."""
    with cache.fenced("k"):
        with cache.fenced("k"):
            assert 2 == len(_tokens(redis))
        assert 1 == len(_tokens(redis))
        assert Fetched("x", MISS) == cache.fetch("k", CountingLoader("x"))
        assert redis.get("k").startswith(b"W")
    assert redis.get("k") is None


def test_a_repeated_fence_adds_one_token(cache: Cache[str], redis: Recorder) -> None:
    """redis-py may repeat a command."""
    cache.fence("k", "writer")
    cache.fence("k", "writer")

    assert [b"writer"] == _tokens(redis)
    cache.release("k", "writer")
    assert redis.get("k") is None


def test_later_writers_do_not_extend_a_dead_one(cache: Cache[str], redis: Recorder) -> None:
    """Each token has its own deadline."""
    redis.set("k", b"W1:dead")

    with cache.fenced("k"):
        assert b"dead" not in _tokens(redis)

    assert redis.get("k") is None


@pytest.mark.parametrize("deadline", ["99999999999999", "9" * 40, "0", "1"])
def test_an_impossible_fence_is_deleted(cache: Cache[str], redis: Recorder, deadline: str) -> None:
    """A wrong clock or a forged entry: readers, writers and the stream delete it."""
    for remove in (
        lambda: cache.fetch("k", CountingLoader("new")),
        lambda: cache.fetch_many(["k"], lambda _: {"k": "new"}),
        lambda: cache.invalidate({"k": None}),
        lambda: cache.release("k", "mine"),
    ):
        redis.set("k", f"W{deadline}:{'a' * 32}")

        remove()

        assert (redis.get("k") or b"V")[:1] == b"V"


def test_an_impossible_fence_is_not_merged(cache: Cache[str], redis: Recorder) -> None:
    """The fence contains only the writer's own token and has its TTL."""
    redis.set("k", b"W99999999999999:forged " + b"9" * 40 + b":forged")

    with cache.fenced("k"):
        assert 1 == len(_tokens(redis))
        assert 0 < redis.pttl("k") <= FENCE_MS

    assert redis.get("k") is None


def test_no_fence_lives_longer_than_a_new_one(cache: Cache[str], redis: Recorder) -> None:
    """Even if a faster clock created it before a failover."""
    seconds, _ = redis.time()
    redis.set("k", f"W{seconds * 1000 + FENCE_MS + FENCE_MS // 2}:living")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= FENCE_MS


def test_a_release_keeps_living_tokens(cache: Cache[str], redis: Recorder) -> None:
    """It removes its own token and expired ones."""
    cache.fence("k", "living")
    redis.set("k", redis.get("k") + b" 1:dead")
    cache.fence("k", "leaving")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= FENCE_MS


def test_a_release_without_a_fence_still_deletes(cache: Cache[str], redis: Recorder) -> None:
    """It deletes what a reader filled while the fence was evicted."""
    with cache.fenced("k"):
        redis.delete("k")
        cache.fetch("k", CountingLoader("old"))

    assert redis.get("k") is None


@pytest.mark.parametrize(
    "error", [NotFound("Product", "x"), PreconditionFailed("Product", "x"), StoreUnavailable("x")]
)
def test_a_known_failure_releases_the_fence(
    cache: Cache[str], redis: Recorder, error: Exception
) -> None:
    """The write did not take effect."""
    with pytest.raises(type(error)), cache.fenced("k"):
        raise error

    assert redis.get("k") is None


@pytest.mark.parametrize("error", [OutcomeUnknown("x"), ZeroDivisionError(), KeyboardInterrupt()])
def test_an_unknown_outcome_keeps_the_fence(
    cache: Cache[str], redis: Recorder, error: Exception
) -> None:
    """The write may still be committed. Readers use the table until the fence expires."""
    with pytest.raises(type(error)), cache.fenced("k"):
        raise error

    assert redis.get("k").startswith(b"W")
    assert redis.pttl("k") > 0
