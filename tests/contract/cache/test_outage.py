"""The cache without Redis: reads load; writes succeed or are refused, by the policy."""

from typing import Any, NoReturn

import pytest
import redis
from fakeredis import FakeServer

from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.circuit_breaker import FAILURES
from tests.doubles.caching import CountingLoader, a_cache
from tests.doubles.recording import Recorder

HIT, MISS, BYPASS = Outcome.HIT, Outcome.MISS, Outcome.BYPASS


def test_the_circuit_opens_after_a_few_failures(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """No command is sent, so no read waits."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())

    with fake_redis.commands() as sent:
        assert Outcome.BYPASS == cache.fetch("k", CountingLoader()).outcome

    assert [] == sent


def test_a_write_ignores_an_open_circuit(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """It sends its fence and its release."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())

    with fake_redis.commands() as sent, cache.fenced("k"):
        pass

    assert ["EVAL", "EVAL"] == sent


def test_a_successful_write_closes_the_circuit(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The next reads use the cache."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())
    fake_server.connected = True

    with cache.fenced("k"):
        pass

    assert Fetched("x", MISS) == cache.fetch("k", CountingLoader("x"))
    assert Fetched("x", HIT) == cache.fetch("k", CountingLoader("y"))


def test_an_outage_during_the_load_prevents_only_the_fill(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The reader gets the loaded item."""

    def cut() -> None:
        fake_server.connected = False

    assert Fetched("x", MISS) == a_cache(fake_redis).fetch("k", CountingLoader("x", meanwhile=cut))


def test_the_strict_policy_refuses_before_the_block(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """It does not run if the fence cannot be placed."""
    fake_server.connected = False

    with pytest.raises(CacheUnavailable), a_cache(fake_redis, strict=True).fenced("k"):
        pytest.fail("the block was entered")


def test_the_strict_policy_writes_while_redis_answers(redis: Recorder) -> None:
    """The block runs behind a fence."""
    written = []

    with a_cache(redis, strict=True).fenced("k"):
        written.append(redis.get("k")[:1])

    assert [b"W"] == written
    assert redis.get("k") is None


def test_a_lost_release_is_no_error(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """The write is complete; the fence stays until it expires."""
    with a_cache(fake_redis).fenced("k"):
        fake_server.connected = False
    fake_server.connected = True

    assert fake_redis.get("k").startswith(b"W")


class _FailingRedis(redis.Redis):
    """A client whose commands all fail with the same error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def execute_command(self, *_: Any, **__: Any) -> NoReturn:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("refused"),
        redis.TimeoutError("hung"),
        OSError("no route"),
        redis.InvalidResponse("HTTP/1.1 400 Bad Request"),
        ValueError("a length that is not a number"),
        redis.OutOfMemoryError("command not allowed", status_code="OOM"),
        redis.ReadOnlyError("You can't write against a read only replica.", status_code="READONLY"),
        redis.BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"),
        redis.AuthenticationError("Authentication required.", status_code="NOAUTH"),
        redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"),
        redis.ResponseError(""),
    ],
    ids=str,
)
def test_every_redis_error_is_an_outage(error: Exception) -> None:
    """Reads and writes succeed without the cache."""
    cache = a_cache(_FailingRedis(error))

    assert Fetched("x", BYPASS) == cache.fetch("k", CountingLoader("x"))
    with cache.fenced("k"):
        pass
