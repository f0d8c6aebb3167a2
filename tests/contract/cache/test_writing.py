"""The contract of the cache for writers: fence, release, known and unknown failures."""

import json
import re
from pathlib import Path

import pytest

from chalicelib.caching.entries import FENCE_MS, Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.errors import NotFound, OutcomeUnknown, PreconditionFailed, StoreUnavailable
from tests.doubles.caching import CountingLoader
from tests.doubles.recording import Recorder

HIT, MISS = Outcome.HIT, Outcome.MISS


def _tokens(redis: Recorder) -> list[bytes]:
    return re.findall(rb":(\w+)", redis.get("k"))


def test_a_write_is_two_commands(cache: Cache[str], redis: Recorder) -> None:
    """A write fences and releases, one script each."""
    with redis.commands() as sent, cache.fenced("k"):
        pass

    assert ["EVAL", "EVAL"] == sent


@pytest.mark.parametrize("entry", [b"Vtext:old", b"Lreader", b"N", b"garbage", b""])
def test_a_fence_wipes_whatever_is_there(cache: Cache[str], redis: Recorder, entry: bytes) -> None:
    """Before the commit neither value nor lease is left."""
    redis.set("k", entry)

    with cache.fenced("k"):
        assert redis.get("k").startswith(b"W")


def test_a_fence_replaces_another_type(cache: Cache[str], redis: Recorder) -> None:
    """A hash under the key does not keep a writer from fencing."""
    redis.hset("k", "field", "value")

    with cache.fenced("k"):
        assert redis.get("k").startswith(b"W")

    assert redis.get("k") is None


def test_a_fence_lives_for_its_time(cache: Cache[str], redis: Recorder) -> None:
    """A fence that nobody releases ends by itself."""
    cache.fence("k", "dead")

    assert FENCE_MS - 5_000 < redis.pttl("k") <= FENCE_MS


def test_a_fence_outlives_the_lambda_that_placed_it() -> None:
    """Else a slow writer could commit behind its own fence."""
    config = Path(__file__).parents[3] / ".chalice" / "config.json"

    assert FENCE_MS > 1000 * json.loads(config.read_text("utf-8"))["lambda_timeout"]


def test_a_fence_that_others_left_ends_with_its_last_deadline(
    cache: Cache[str], redis: Recorder
) -> None:
    """A release does not prolong what it leaves behind."""
    seconds, _ = redis.time()
    redis.set("k", f"W{(seconds + 20) * 1000}:living")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= 20_000


def test_behind_a_fence_readers_load_and_fill_nothing(cache: Cache[str], redis: Recorder) -> None:
    """While a write is under way nothing is cached."""
    with cache.fenced("k"), redis.commands() as sent:
        assert Fetched("any", MISS) == cache.fetch("k", CountingLoader("any"))
        assert Fetched("any", MISS) == cache.fetch("k", CountingLoader("any"))

    assert ["GETEX", "GETEX"] == sent


def test_after_the_write_the_key_is_free(cache: Cache[str], redis: Recorder) -> None:
    """The release deletes the key; the next read loads and fills."""
    cache.fetch("k", CountingLoader("old"))
    with cache.fenced("k"):
        pass

    assert redis.get("k") is None
    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))
    assert Fetched("new", HIT) == cache.fetch("k", CountingLoader("old"))


def test_a_reader_that_began_before_the_write_does_not_fill_after_it(cache: Cache[str]) -> None:
    """What was loaded before the commit is not cached behind it."""

    def write() -> None:
        with cache.fenced("k"):
            pass

    cache.fetch("k", CountingLoader("old", meanwhile=write))

    assert Fetched("new", MISS) == cache.fetch("k", CountingLoader("new"))


def test_two_writers_share_a_fence_and_the_last_one_out_deletes_it(
    cache: Cache[str], redis: Recorder
) -> None:
    """The fence stands until both are done, in whichever order."""
    with cache.fenced("k"):
        with cache.fenced("k"):
            assert 2 == len(_tokens(redis))
        assert 1 == len(_tokens(redis))
        assert Fetched("x", MISS) == cache.fetch("k", CountingLoader("x"))
        assert redis.get("k").startswith(b"W")
    assert redis.get("k") is None


def test_the_first_writer_in_may_be_the_first_one_out(cache: Cache[str], redis: Recorder) -> None:
    """A release takes its own token, not another's."""
    cache.fence("k", "first")
    cache.fence("k", "second")

    cache.release("k", "first")

    assert [b"second"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= FENCE_MS


def test_a_fence_placed_twice_is_released_once(cache: Cache[str], redis: Recorder) -> None:
    """redis-py may send a command again: a token joins once."""
    cache.fence("k", "writer")
    cache.fence("k", "writer")

    assert [b"writer"] == _tokens(redis)
    cache.release("k", "writer")
    assert redis.get("k") is None


def test_a_dead_writer_is_forgotten_however_many_come_after_it(
    cache: Cache[str], redis: Recorder
) -> None:
    """Each token has a deadline of its own: others that come do not prolong it."""
    redis.set("k", b"W1:dead")

    with cache.fenced("k"):
        assert b"dead" not in _tokens(redis)

    assert redis.get("k") is None


@pytest.mark.parametrize("deadline", ["99999999999999", "9" * 40, "0", "1"])
def test_a_fence_that_cannot_be_is_none(cache: Cache[str], redis: Recorder, deadline: str) -> None:
    """A clock that jumped, or a forged entry: readers, writers and the stream take it away."""
    for remove in (
        lambda: cache.fetch("k", CountingLoader("new")),
        lambda: cache.fetch_many(["k"], lambda _: {"k": "new"}),
        lambda: cache.invalidate({"k": None}),
        lambda: cache.release("k", "mine"),
    ):
        redis.set("k", f"W{deadline}:{'a' * 32}")

        remove()

        assert (redis.get("k") or b"V")[:1] == b"V"


def test_a_fence_that_cannot_be_does_not_join(cache: Cache[str], redis: Recorder) -> None:
    """The writer's own token is left alone, and ends with its life."""
    redis.set("k", b"W99999999999999:forged " + b"9" * 40 + b":forged")

    with cache.fenced("k"):
        assert 1 == len(_tokens(redis))
        assert 0 < redis.pttl("k") <= FENCE_MS

    assert redis.get("k") is None


def test_no_fence_is_given_a_longer_life_than_a_new_one(cache: Cache[str], redis: Recorder) -> None:
    """One that a faster clock has made, before a failover, keeps readers off as long as any."""
    seconds, _ = redis.time()
    redis.set("k", f"W{seconds * 1000 + FENCE_MS + FENCE_MS // 2}:living")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= FENCE_MS


def test_a_living_writer_outlasts_a_dead_one(cache: Cache[str], redis: Recorder) -> None:
    """A release drops its own token and the overdue ones, and keeps the rest for their time."""
    cache.fence("k", "living")
    redis.set("k", redis.get("k") + b" 1:dead")
    cache.fence("k", "leaving")

    cache.release("k", "leaving")

    assert [b"living"] == _tokens(redis)
    assert 0 < redis.pttl("k") <= FENCE_MS


def test_a_release_after_its_fence_was_lost_still_deletes(
    cache: Cache[str], redis: Recorder
) -> None:
    """What a reader filled while the fence was evicted, the release takes away."""
    with cache.fenced("k"):
        redis.delete("k")
        cache.fetch("k", CountingLoader("old"))

    assert redis.get("k") is None


@pytest.mark.parametrize(
    "error", [NotFound("Product", "x"), PreconditionFailed("Product", "x"), StoreUnavailable("x")]
)
def test_a_known_failure_releases(cache: Cache[str], redis: Recorder, error: Exception) -> None:
    """Nothing was written, so nothing needs to be fenced any longer."""
    with pytest.raises(type(error)), cache.fenced("k"):
        raise error

    assert redis.get("k") is None


@pytest.mark.parametrize("error", [OutcomeUnknown("x"), ZeroDivisionError(), KeyboardInterrupt()])
def test_an_unknown_outcome_leaves_the_fence(
    cache: Cache[str], redis: Recorder, error: Exception
) -> None:
    """The write may still be committed: readers go to the table until the fence ends."""
    with pytest.raises(type(error)), cache.fenced("k"):
        raise error

    assert redis.get("k").startswith(b"W")
    assert redis.pttl("k") > 0
