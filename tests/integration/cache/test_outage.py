"""The cache without Redis: reads load, writes go on or are refused, as the policy says."""

from collections.abc import Sequence
from typing import Any

import pytest
from fakeredis import FakeServer

from chalicelib.cache_entry import Fetched, Outcome
from chalicelib.circuit_breaker import FAILURES, CircuitBreaker
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_client import RedisStore
from chalicelib.redis_connection import Command, Refused
from chalicelib.redis_pool import pool
from tests.doubles.caching import Loader, a_cache
from tests.doubles.recording import Recorder, RecordingRedis
from tests.examples import settings

HIT, MISS, BYPASS = Outcome.HIT, Outcome.MISS, Outcome.BYPASS


def test_a_read_without_redis_is_a_bypass(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """Redis down: the loader answers."""
    fake_server.connected = False

    assert Fetched("x", BYPASS) == a_cache(fake_redis).fetch("k", Loader("x"))


def test_after_a_few_failures_redis_is_not_asked(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The circuit opens: no command is sent, so none is waited for."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", Loader())

    with fake_redis.commands() as sent:
        assert Outcome.BYPASS == cache.fetch("k", Loader()).outcome

    assert [] == sent


def test_a_write_always_tries(fake_redis: Recorder, fake_server: FakeServer) -> None:
    """An open circuit does not keep a writer from fencing and releasing."""
    cache = a_cache(fake_redis)
    fake_server.connected = False
    for _ in range(FAILURES):
        cache.fetch("k", Loader())

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
        cache.fetch("k", Loader())
    fake_server.connected = True

    with cache.fenced("k"):
        pass

    assert Fetched("x", MISS) == cache.fetch("k", Loader("x"))
    assert Fetched("x", HIT) == cache.fetch("k", Loader("y"))


def test_redis_lost_while_loading_loses_only_the_fill(
    fake_redis: Recorder, fake_server: FakeServer
) -> None:
    """The reader still gets what it loaded."""

    def cut() -> None:
        fake_server.connected = False

    assert Fetched("x", MISS) == a_cache(fake_redis).fetch("k", Loader("x", meanwhile=cut))


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


class _Failing:
    """A Redis that answers every command with the same refusal, or fails before."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Refuse, or fail."""
        if isinstance(self._error, Refused):
            return [self._error for _ in commands]
        raise self._error

    def disconnect(self) -> None:
        """Do nothing: there is no connection."""


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("refused"),
        TimeoutError("hung"),
        OSError("no route"),
        Refused("OOM command not allowed when used memory > 'maxmemory'"),
        Refused("READONLY You can't write against a read only replica."),
        Refused("LOADING Redis is loading the dataset in memory"),
        Refused("NOAUTH Authentication required."),
        Refused(""),
    ],
    ids=str,
)
def test_whatever_redis_answers_reads_and_writes_go_on(error: Exception) -> None:
    """Every way in which Redis can fail is an outage, never an error of the catalog's."""
    cache = a_cache(_Failing(error))

    assert Fetched("x", BYPASS) == cache.fetch("k", Loader("x"))
    with cache.fenced("k"):
        pass


def test_a_valkey_out_of_memory_is_an_outage(real_redis: Recorder) -> None:
    """Full and told not to evict, a real server refuses; the catalog goes on."""
    real_redis.config_set("maxmemory", "1")
    try:
        fetched = a_cache(real_redis).fetch("k", Loader("x"))
    finally:
        real_redis.config_set("maxmemory", "0")

    assert Fetched("x", BYPASS) == fetched


def test_a_primary_that_has_become_a_replica_is_left(real_redis: RecordingRedis) -> None:
    """A refused write drops the connections: the endpoint's name leads to the new primary."""
    store = RedisStore(real_redis, CircuitBreaker())
    before = real_redis.client_id()
    real_redis.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(CacheUnavailable):
            store.add("a", b"value", 1000)
        assert before != real_redis.client_id()
    finally:
        real_redis.replicaof("NO", "ONE")


@pytest.mark.parametrize("ask", [lambda store: store.get("k"), lambda store: store.get_many(["k"])])
def test_a_refusal_is_an_outage_to_one_key_as_to_many(real_redis: Recorder, ask: Any) -> None:
    """It is no miss: the circuit breaker and the metrics are to know of it."""
    real_redis.acl_setuser("nobody", enabled=True, nopass=True, keys=["*"], commands=["-@all"])
    port = str(real_redis.connection_pool.connection_kwargs["port"])
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": port}
    as_nobody = settings(**where, REDIS_USERNAME="nobody", REDIS_PASSWORD="x")
    store = RedisStore(pool(as_nobody), CircuitBreaker())
    try:
        with pytest.raises(CacheUnavailable, match="NOPERM"):
            ask(store)
    finally:
        real_redis.acl_deluser("nobody")
