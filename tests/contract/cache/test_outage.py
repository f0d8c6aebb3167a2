"""The cache without Redis: reads load, writes go on or are refused, as the policy says."""

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


def test_a_read_without_redis_is_a_bypass(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """Redis down: the loader answers."""
    fake_server.connected = False

    assert Fetched("x", BYPASS) == a_cache(fake_redis).fetch("k", CountingLoader("x"))


def test_after_a_few_failures_redis_is_not_asked(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The circuit opens: no command is sent, so none is waited for."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())

    with fake_redis.commands() as sent:
        assert Outcome.BYPASS == cache.fetch("k", CountingLoader()).outcome

    assert [] == sent


def test_a_write_always_tries(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """An open circuit does not keep a writer from fencing and releasing."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())

    with fake_redis.commands() as sent, cache.fenced("k"):
        pass

    assert ["EVAL", "EVAL"] == sent


def test_a_write_that_gets_through_closes_the_circuit(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """Hits are back with the first sign of life."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", CountingLoader())
    fake_server.connected = True

    with cache.fenced("k"):
        pass

    assert Fetched("x", MISS) == cache.fetch("k", CountingLoader("x"))
    assert Fetched("x", HIT) == cache.fetch("k", CountingLoader("y"))


def test_redis_lost_while_loading_loses_only_the_fill(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The reader still gets what it loaded."""

    def cut() -> None:
        fake_server.connected = False

    assert Fetched("x", MISS) == a_cache(fake_redis).fetch("k", CountingLoader("x", meanwhile=cut))


def test_the_available_policy_writes_without_a_fence(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The block is entered although the fence was lost."""
    fake_server.connected = False
    written = []

    with a_cache(fake_redis).fenced("k"):
        written.append("x")

    assert ["x"] == written


def test_the_strict_policy_refuses_before_the_block(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """Where the fence cannot be placed, nothing is written."""
    fake_server.connected = False

    with pytest.raises(CacheUnavailable), a_cache(fake_redis, strict=True).fenced("k"):
        pytest.fail("the block was entered")


def test_the_strict_policy_writes_where_redis_answers(redis: Recorder) -> None:
    """Strict refuses only where it must."""
    written = []

    with a_cache(redis, strict=True).fenced("k"):
        written.append(redis.get("k")[:1])

    assert [b"W"] == written
    assert redis.get("k") is None


def test_a_release_that_is_lost_is_no_error(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """The write was made; the fence stands until it expires."""
    with a_cache(fake_redis).fenced("k"):
        fake_server.connected = False
    fake_server.connected = True

    assert fake_redis.get("k").startswith(b"W")


class _Failing(redis.Redis):
    """A client whose commands all fail in the same way."""

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
def test_whatever_redis_answers_reads_and_writes_go_on(error: Exception) -> None:
    """Every way in which Redis can fail is an outage, never an error of the catalog's."""
    cache = a_cache(_Failing(error))

    assert Fetched("x", BYPASS) == cache.fetch("k", CountingLoader("x"))
    with cache.fenced("k"):
        pass


def test_a_valkey_out_of_memory_is_an_outage(real_redis: Recorder) -> None:
    """Full and told not to evict, a real server refuses; the catalog goes on."""
    real_redis.config_set("maxmemory", "1")
    try:
        fetched = a_cache(real_redis).fetch("k", CountingLoader("x"))
    finally:
        real_redis.config_set("maxmemory", "0")

    assert Fetched("x", BYPASS) == fetched
