"""A Redis that is not there, or says nothing, reached by the application's own client."""

import socket
import time
from collections.abc import Iterator

import pytest

from chalicelib import redis_pool
from chalicelib.cache_entry import Fetched, Outcome
from tests import examples
from tests.doubles.caching import Loader, a_cache

PATIENCE_SECONDS = 5
"""Far more than is promised, far less than redis-py's own defaults would take."""


def _client(port: int) -> object:
    return redis_pool.pool(examples.settings(REDIS_HOST="127.0.0.1", REDIS_PORT=str(port)))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture(params=["closed_port", "silent_port"])
def port(request: pytest.FixtureRequest) -> int:
    return int(request.getfixturevalue(request.param))


def test_reads_and_writes_are_answered_soon(port: int) -> None:
    """Refused or hung, the loader answers, and nobody waits for long."""
    cache = a_cache(_client(port))
    started = time.monotonic()

    assert Fetched("x", Outcome.BYPASS) == cache.fetch("k", Loader("x"))
    with cache.fenced("k"):
        pass

    assert time.monotonic() - started < PATIENCE_SECONDS


def test_a_server_that_restarted_is_met_again(valkey: object, real_redis: object) -> None:
    """A connection that the server closed is opened anew without anybody noticing."""
    client = _client(valkey.port)
    cache = a_cache(client)
    cache.fetch("k", Loader("x"))

    real_redis.client_kill_filter(_type="normal", skipme=True)

    assert Fetched("x", Outcome.HIT) == cache.fetch("k", Loader("y"))
