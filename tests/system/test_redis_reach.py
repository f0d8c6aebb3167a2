"""An unreachable Redis: the waits of reads and writes of the application."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from chalicelib import redis_store
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.errors import CacheUnavailable
from dev.stack.servers import Valkey
from tests import examples
from tests.doubles.caching import CountingLoader, a_cache, a_client
from tests.doubles.recording import RecordingRedis

TIME_OUT = 0.2
UNRESOLVED = "redis.hung.example"


def _client(host: str, port: int) -> redis.Redis:
    where = {"REDIS_HOST": host, "REDIS_PORT": str(port)}
    return a_client(examples.settings(**where, REDIS_TIMEOUT_SECONDS=str(TIME_OUT)))


@pytest.fixture
def refusing(closed_port: int) -> redis.Redis:
    """Return a client of a port that refuses connections."""
    return _client("127.0.0.1", closed_port)


@pytest.fixture
def silent() -> Iterator[redis.Redis]:
    """Return a client of a server that accepts connections and never replies."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield _client("127.0.0.1", server.getsockname()[1])


@pytest.fixture
def unresolved(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Return a client of a host name that is never resolved."""
    ended, resolve = threading.Event(), socket.getaddrinfo

    def hang(host: str, *args: object) -> object:
        if host == UNRESOLVED:
            ended.wait()
        return resolve(host, *args)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield _client(UNRESOLVED, 6379)
    ended.set()


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


@pytest.mark.parametrize(("name", "time_outs"), [("refusing", 0), ("silent", 1), ("unresolved", 1)])
def test_a_read_waits_for_one_time_out_and_a_write_for_two(
    request: pytest.FixtureRequest, name: str, time_outs: int
) -> None:
    """A write waits for its fence and for its release."""
    cache = a_cache(request.getfixturevalue(name))

    def read() -> None:
        assert Fetched("x", Outcome.BYPASS) == cache.fetch("k", CountingLoader("x"))

    def write() -> None:
        with cache.fenced("k"):
            pass

    assert time_outs <= _seconds(read) / TIME_OUT < time_outs + 0.8
    assert 2 * time_outs <= _seconds(write) / TIME_OUT < 2 * time_outs + 0.8


@pytest.mark.usefixtures("unresolved")
def test_hanging_name_lookups_are_limited() -> None:
    """Writes always try, and each leaves a thread until the resolver returns."""
    before = threading.active_count()
    impatient = {"REDIS_HOST": UNRESOLVED, "REDIS_TIMEOUT_SECONDS": "0.01"}
    store = redis_store.connect(examples.settings(**impatient))

    for _ in range(150):
        with pytest.raises(CacheUnavailable):
            store.run("return 1", "k")

    assert threading.active_count() - before <= 128


def test_a_restarted_server_is_used_again(valkey: Valkey, real_redis: RecordingRedis) -> None:
    """A closed connection is replaced."""
    cache = a_cache(_client("127.0.0.1", valkey.port))
    cache.fetch("k", CountingLoader("x"))

    real_redis.client_kill_filter(_type="normal", skipme=True)

    assert Fetched("x", Outcome.HIT) == cache.fetch("k", CountingLoader("y"))
