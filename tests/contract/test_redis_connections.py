"""Connections to Redis: kept, lost and replaced, with a real Valkey and with scripted servers."""

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
QUESTION, ANSWER = b"", b"$3\r\nnew\r\n"
CLOSE = None
Script = Sequence[bytes | float | None]


def _to(port: int, **variables: str) -> Any:
    """Return the application's store over the server at a port."""
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
    return redis_store.connect(examples.settings(**where, **variables))


@pytest.fixture
def store(valkey: Valkey, real_redis: redis.Redis) -> RedisStore:
    """Return the application's store over an empty Valkey, patient."""
    real_redis.flushall()
    return _to(valkey.port, **PATIENT)


def _pool(store: Any) -> redis.ConnectionPool:
    return store._client.connection_pool


@contextmanager
def _answering(*scripts: Script) -> Iterator[int]:
    """
    Give the port of a server with a script for each connection; it takes no more of them.

    A text is sent, a number is a pause, no text waits for a question, and CLOSE closes the
    connection. At its end a connection stays open.
    """

    def serve(listener: socket.socket) -> None:
        for script in scripts:
            accepted, _ = listener.accept()
            kept.append(accepted)
            for step in script:
                if step is CLOSE:
                    accepted.close()
                elif isinstance(step, float):
                    time.sleep(step)
                elif step:
                    with suppress(OSError):  # the client may have had enough
                        accepted.sendall(step)
                else:
                    accepted.recv(1000)
        listener.close()

    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()
        for each in kept:
            each.close()


def test_one_connection_serves_command_after_command(store: RedisStore) -> None:
    """It is opened by the first, and kept."""
    for _ in range(5):
        store.get("key")

    assert 1 == _pool(store)._created_connections


def test_a_value_comes_for_each_key_unreadable_ones_among_them(
    store: RedisStore, real_redis: redis.Redis
) -> None:
    """A refusal keeps its place, and the connection is good for the next command."""
    store.add_many({"a": b"x", "b": b"y"}, 1000)
    real_redis.hset("hash", "field", "value")

    assert [b"x", b"", b"y", None] == store.get_many(["a", "hash", "b", "nothing"])
    assert b"" == store.get("hash")
    assert b"x" == store.get("a")
    assert 1 == _pool(store)._created_connections


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_a_value_of_any_size_arrives_whole(store: RedisStore, size: int) -> None:
    """However often the socket has to be read."""
    value = (bytes(n % 256 for n in range(1000)) * (size // 1000 + 1))[:size]
    store.add("big", value, 1000)

    assert value == store.get("big")


def test_a_connection_that_was_closed_is_replaced(
    store: RedisStore, real_redis: redis.Redis
) -> None:
    """The command goes out on a new one, and the caller sees nothing of it."""
    store.add("key", b"value", 1000)
    real_redis.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")

    assert b"value" == store.get("key")


def test_a_kept_connection_that_is_lost_costs_one_repetition() -> None:
    """The server closes it when the command arrives, as one does that has forgotten it."""
    kept = [QUESTION, ANSWER, QUESTION, CLOSE]
    with _answering(kept, [QUESTION, ANSWER]) as port:
        store = _to(port, **PATIENT)
        store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize(
    "scripts",
    [
        [[QUESTION, CLOSE]],
        [[QUESTION, ANSWER, QUESTION, CLOSE], [QUESTION, CLOSE]],
    ],
)
def test_a_new_connection_that_is_lost_costs_none(scripts: Sequence[Script]) -> None:
    """The server takes no further connection: one more would fail with another error."""
    with _answering(*scripts) as port:
        store = _to(port, **PATIENT)
        for _ in scripts[1:]:
            store.get("key")

        with pytest.raises(CacheUnavailable) as caught:
            store.get("key")

    assert "closed by server" in str(caught.value.__cause__)


def test_a_time_out_costs_none() -> None:
    """The next command would hang as long."""
    with _answering([QUESTION, ANSWER]) as port:
        store = _to(port, REDIS_TIMEOUT_SECONDS="0.2")
        store.get("key")
        started = time.monotonic()

        with pytest.raises(CacheUnavailable, match="TimeoutError"):
            store.get("key")

    assert 0.2 <= time.monotonic() - started < 0.35


def test_a_server_that_is_gone_is_reported_at_once() -> None:
    """Nobody waits for a time-out."""
    with Valkey() as other:
        store = _to(other.port, **PATIENT)
        store.get("key")
    started = time.monotonic()

    with pytest.raises(CacheUnavailable, match="Redis did not answer: ConnectionError"):
        store.get("key")

    assert time.monotonic() - started < 0.5


def test_a_name_that_no_resolver_takes_is_an_outage() -> None:
    """As any other that leads nowhere."""
    store = redis_store.connect(examples.settings(REDIS_HOST="x" * 64 + ".example"))

    with pytest.raises(CacheUnavailable, match="Redis did not answer: ConnectionError"):
        store.get("key")


def test_a_late_answer_is_never_taken_for_another() -> None:
    """A time-out closes the connection; the next command is sent and answered on another."""
    with _answering([QUESTION], [QUESTION, ANSWER]) as port:
        store = _to(port, REDIS_TIMEOUT_SECONDS="0.1")
        with pytest.raises(CacheUnavailable, match="TimeoutError"):
            store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize("stray", [b"$5\r\nstray\r\n", b"$5\r\nstr"])
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_unsolicited_data_costs_the_connection(stray: bytes, pause: float) -> None:
    """Whether it comes with an answer or later, it is never taken for the next one."""
    with _answering([QUESTION, ANSWER, pause, stray], [QUESTION, ANSWER]) as port:
        store = _to(port, **PATIENT)
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
def test_what_is_not_an_answer_is_an_outage(answer: bytes, kind: str) -> None:
    """Another protocol, half an answer: nothing of it is believed."""
    with _answering([QUESTION, answer], [QUESTION, ANSWER]) as port:
        store = _to(port, REDIS_TIMEOUT_SECONDS="0.1")
        with pytest.raises(CacheUnavailable, match=f"Redis did not answer: {kind}"):
            store.get("key")

        assert b"new" == store.get("key")


@pytest.mark.parametrize(
    "kind", ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH", "NOREPLICAS", "MISCONF", "NOPERM"]
)
def test_a_server_that_refuses_is_left(kind: str) -> None:
    """It may have been the primary, and be kept as a replica by whoever stays connected to it."""
    refusal = f"-{kind} not now\r\n".encode()
    with _answering([QUESTION, refusal], [QUESTION, ANSWER]) as port:
        store = _to(port, **PATIENT)
        with pytest.raises(CacheUnavailable, match=f"Refused: {kind}"):
            store.get("key")

        assert b"new" == store.get("key")


def test_a_full_server_is_kept() -> None:
    """It is still the primary, and answers reads."""
    refusal = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    with _answering([QUESTION, refusal, QUESTION, ANSWER]) as port:
        store = _to(port, **PATIENT)
        with pytest.raises(CacheUnavailable, match="Refused: OOM"):
            store.add("key", b"value", 1000)

        assert b"new" == store.get("key")


def test_a_command_that_is_cut_short_costs_the_connection(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens between command and answer, no later command gets that answer."""
    store.add_many({"one": b"1", "two": b"2"}, 1000)
    (connection,) = _pool(store)._available_connections

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connection._parser, "read_response", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.get("one")

    assert b"2" == store.get("two")


def test_another_database_is_selected_in_the_greeting(valkey: Valkey, store: RedisStore) -> None:
    """REDIS_DB: what is written there is seen in no other."""
    third = _to(valkey.port, REDIS_DB="3", **PATIENT)
    third.add("key", b"there", 1000)

    assert b"there" == third.get("key")
    assert store.get("key") is None


def test_a_refused_greeting_is_reported(valkey: Valkey) -> None:
    """It is no lost connection: nothing is tried again, and nothing is sent unauthorized."""
    store = _to(valkey.port, REDIS_USERNAME="nobody", REDIS_PASSWORD="wrong", **PATIENT)

    with pytest.raises(CacheUnavailable, match="Refused: WRONGPASS") as caught:
        store.get("key")

    assert "wrong" not in str(caught.value)


def test_threads_never_share_a_connection(store: RedisStore) -> None:
    """Each gets the answer to its own command, however they come between each other."""
    store.add_many({f"k{number}": f"{number}".encode() for number in range(8)}, 60_000)

    def ask(number: int) -> set[bytes | None]:
        return {store.get(f"k{number}") for _ in range(100)}

    with ThreadPoolExecutor(8) as threads:
        assert [{f"{number}".encode()} for number in range(8)] == list(threads.map(ask, range(8)))


def test_the_pool_gives_each_thread_a_connection(store: RedisStore) -> None:
    """redis-py's own would raise when it has lent 100."""
    held = [_pool(store).get_connection() for _ in range(120)]

    assert store.get("key") is None
    for connection in held:
        _pool(store).release(connection)
