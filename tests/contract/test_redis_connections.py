"""Connections to Redis are kept, lost and replaced, with a real Valkey and scripted servers."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import redis

from chalicelib import redis_store
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store import RedisStore
from dev.stack.servers import Valkey
from tests import examples

PATIENT = {"REDIS_TIMEOUT_SECONDS": "1"}
REQUEST, REPLY = b"", b"$3\r\nnew\r\n"
CLOSE = None
_ACCEPT_SECONDS = 5.0
"""A client that keeps its connection fails its test, and does not hang it."""
Script = Sequence[bytes | float | None]


def _store_at(port: int, **variables: str) -> Any:
    """Return the application's store for the server at a port."""
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
    return redis_store.connect(examples.settings(**where, **variables))


@pytest.fixture
def store(valkey: Valkey, real_redis: redis.Redis) -> RedisStore:
    """Return the application's store for an empty Valkey, with a long time-out."""
    real_redis.flushall()
    return _store_at(valkey.port, **PATIENT)


def _pool(store: Any) -> redis.ConnectionPool:
    return store._client.connection_pool


@contextmanager
def _scripted_server(*scripts: Script) -> Iterator[int]:
    """
    Run a server with a script for each connection, and yield its port.

    Bytes are sent, a number is a pause, empty bytes wait for a request, and CLOSE closes the
    connection. A connection stays open at the end of its script. The server accepts no more
    connections, and waits `_ACCEPT_SECONDS` for each.
    """

    def serve(listener: socket.socket) -> None:
        for script in scripts:
            try:
                accepted, _ = listener.accept()
            except TimeoutError:
                return
            kept.append(accepted)
            for step in script:
                if step is CLOSE:
                    accepted.close()
                elif isinstance(step, float):
                    time.sleep(step)
                elif step:
                    with suppress(OSError):  # the client may have disconnected
                        accepted.sendall(step)
                else:
                    accepted.recv(1000)
        listener.close()

    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_ACCEPT_SECONDS)
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()
        for each in kept:
            each.close()


def test_each_key_of_a_batch_gets_its_value(store: RedisStore, real_redis: redis.Redis) -> None:
    """An error reply keeps its place, and the connection is reused."""
    store.add_many({"a": b"x", "b": b"y"}, 1000)
    real_redis.hset("hash", "field", "value")

    assert [b"x", b"", b"y", None] == store.get_many(["a", "hash", "b", "missing"])
    assert b"" == store.get("hash")
    assert b"x" == store.get("a")
    assert 1 == _pool(store)._created_connections


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_a_value_of_any_size_is_returned(store: RedisStore, size: int) -> None:
    """Also if it needs several reads of the socket."""
    value = (bytes(n % 256 for n in range(1000)) * (size // 1000 + 1))[:size]
    store.add("big", value, 1000)

    assert value == store.get("big")


def test_a_closed_connection_is_replaced(store: RedisStore, real_redis: redis.Redis) -> None:
    """The command is sent on a new connection."""
    store.add("key", b"value", 1000)
    real_redis.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")

    assert b"value" == store.get("key")


def test_a_command_is_repeated_once_on_a_new_connection() -> None:
    """The server closes the kept connection when the command arrives."""
    kept = [REQUEST, REPLY, REQUEST, CLOSE]
    with _scripted_server(kept, [REQUEST, REPLY]) as port:
        store = _store_at(port, **PATIENT)
        store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize(
    "scripts",
    [
        [[REQUEST, CLOSE]],
        [[REQUEST, REPLY, REQUEST, CLOSE], [REQUEST, CLOSE]],
    ],
)
def test_a_command_on_a_new_connection_is_not_repeated(scripts: Sequence[Script]) -> None:
    """The server accepts no further connection: another error would be raised."""
    with _scripted_server(*scripts) as port:
        store = _store_at(port, **PATIENT)
        for _ in scripts[1:]:
            store.get("key")

        with pytest.raises(CacheUnavailable) as caught:
            store.get("key")

    assert "closed by server" in str(caught.value.__cause__)


def test_a_command_is_not_repeated_after_a_time_out() -> None:
    """The next command would hang as long."""
    with _scripted_server([REQUEST, REPLY]) as port:
        store = _store_at(port, REDIS_TIMEOUT_SECONDS="0.2")
        store.get("key")
        started = time.monotonic()

        with pytest.raises(CacheUnavailable, match="TimeoutError"):
            store.get("key")

    assert 0.2 <= time.monotonic() - started < 0.35


def test_a_stopped_server_is_reported_immediately() -> None:
    """The command does not wait for a time-out."""
    with Valkey() as other:
        store = _store_at(other.port, **PATIENT)
        store.get("key")
    started = time.monotonic()

    with pytest.raises(CacheUnavailable, match="Redis did not answer: ConnectionError"):
        store.get("key")

    assert time.monotonic() - started < 0.5


def test_an_invalid_host_name_is_an_outage() -> None:
    """Like any other unreachable host."""
    store = redis_store.connect(examples.settings(REDIS_HOST="x" * 64 + ".example"))

    with pytest.raises(CacheUnavailable, match="Redis did not answer: ConnectionError"):
        store.get("key")


def test_a_late_reply_is_never_used_for_another_command() -> None:
    """A time-out closes the connection. The next command uses a new one."""
    with _scripted_server([REQUEST], [REQUEST, REPLY]) as port:
        store = _store_at(port, REDIS_TIMEOUT_SECONDS="0.1")
        with pytest.raises(CacheUnavailable, match="TimeoutError"):
            store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize("stray", [b"$5\r\nstray\r\n", b"$5\r\nstr"])
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_unsolicited_data_closes_the_connection(stray: bytes, pause: float) -> None:
    """It is never used as the reply to the next command."""
    with _scripted_server([REQUEST, REPLY, pause, stray], [REQUEST, REPLY]) as port:
        store = _store_at(port, **PATIENT)
        store.get("key")
        time.sleep(2 * pause + 0.05)

        assert b"new" == store.get("key")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "InvalidResponse"),
        (b"$three\r\nnew\r\n", "ValueError"),
        (b"-MOVED 866\r\n", "ValueError"),
        (b"\r\n", "ConnectionError"),
        (b"$3\r\nnew", "TimeoutError"),
    ],
)
def test_an_invalid_reply_is_an_outage(answer: bytes, kind: str) -> None:
    """Another protocol, or an incomplete reply."""
    with _scripted_server([REQUEST, answer], [REQUEST, REPLY]) as port:
        store = _store_at(port, REDIS_TIMEOUT_SECONDS="0.1")
        with pytest.raises(CacheUnavailable, match=f"Redis did not answer: {kind}"):
            store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize(
    "kind", ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "NOREPLICAS", "MISCONF", "NOPERM"]
)
def test_a_refusal_closes_the_connection(kind: str) -> None:
    """The server may be a former primary."""
    refusal = f"-{kind} not now\r\n".encode()
    with _scripted_server([REQUEST, refusal], [REQUEST, REPLY]) as port:
        store = _store_at(port, **PATIENT)
        with pytest.raises(CacheUnavailable, match=f"Refused: {kind}"):
            store.get("key")

        assert b"new" == store.get("key")


def test_an_out_of_memory_error_keeps_the_connection() -> None:
    """The server is still the primary and answers reads."""
    refusal = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    with _scripted_server([REQUEST, refusal, REQUEST, REPLY]) as port:
        store = _store_at(port, **PATIENT)
        with pytest.raises(CacheUnavailable, match="Refused: OOM"):
            store.add("key", b"value", 1000)

        assert b"new" == store.get("key")


def test_an_interrupted_command_closes_the_connection(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No later command gets its reply."""
    store.add_many({"one": b"1", "two": b"2"}, 1000)
    (connection,) = _pool(store)._available_connections

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connection._parser, "read_response", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.get("one")

    assert b"2" == store.get("two")


def test_the_greeting_selects_the_database(valkey: Valkey, store: RedisStore) -> None:
    """REDIS_DB: keys of one database are not in another."""
    third = _store_at(valkey.port, REDIS_DB="3", **PATIENT)
    third.add("key", b"there", 1000)

    assert b"there" == third.get("key")
    assert store.get("key") is None


def test_a_refused_greeting_is_reported(valkey: Valkey) -> None:
    """It is not repeated, and no command is sent without authentication."""
    store = _store_at(valkey.port, REDIS_USERNAME="unknown", REDIS_PASSWORD="wrong", **PATIENT)

    with pytest.raises(CacheUnavailable, match="Refused: WRONGPASS") as caught:
        store.get("key")

    assert "wrong" not in str(caught.value)


def test_threads_never_share_a_connection(store: RedisStore) -> None:
    """Each thread gets the replies to its own commands."""
    store.add_many({f"k{number}": f"{number}".encode() for number in range(8)}, 60_000)

    def read(number: int) -> set[bytes | None]:
        return {store.get(f"k{number}") for _ in range(100)}

    with ThreadPoolExecutor(8) as threads:
        assert [{f"{number}".encode()} for number in range(8)] == list(threads.map(read, range(8)))


def test_the_pool_has_no_limit_of_100(store: RedisStore) -> None:
    """redis-py's default pool raises after 100 connections."""
    held = [_pool(store).get_connection() for _ in range(120)]

    assert store.get("key") is None
    for connection in held:
        _pool(store).release(connection)
