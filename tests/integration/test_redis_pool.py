"""Connections to Redis: lent, taken back, lost and made anew, with a real Valkey."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import redis
from chalicelib.redis_client import RedisStore
from chalicelib.redis_connection import Refused
from chalicelib.redis_pool import Pool, pool

from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.circuit_breaker import CircuitBreaker
from dev.servers import Valkey
from tests import examples

PATIENT = {"REDIS_TIMEOUT_SECONDS": "1"}


def _to(port: int, **variables: str) -> Pool:
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
    return pool(examples.settings(**where, **variables))


@pytest.fixture
def client(valkey: Valkey) -> Iterator[Pool]:
    """Give the connections of the settings, patient."""
    client = _to(valkey.port, **PATIENT)
    yield client
    client.disconnect()


@contextmanager
def _answering(*scripts: Sequence[bytes | float]) -> Iterator[int]:
    """
    Give the port of a server with a script for each connection, and which closes nothing.

    A text is sent, a number is a pause, and nothing at all waits for a question.
    """

    def serve(listener: socket.socket) -> None:
        for script in scripts:
            accepted, _ = listener.accept()
            kept.append(accepted)
            for step in script:
                if isinstance(step, float):
                    time.sleep(step)
                elif step:
                    with suppress(OSError):  # the client may have had enough
                        accepted.sendall(step)
                else:
                    accepted.recv(1000)

    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()
        for each in kept:
            each.close()


def test_one_connection_serves_question_after_question(client: Pool) -> None:
    """It is opened by the first, and kept."""
    ids = {client.ask([("CLIENT", "ID")])[0] for _ in range(5)}

    assert 1 == len(ids)


def test_an_answer_comes_for_each_command_refusals_among_them(client: Pool) -> None:
    """What was refused keeps its place, and the connection is good for the next question."""
    assert [b"OK"] == client.ask([("SET", "text", "x")])

    stored, refused, read, none = client.ask(
        [("SET", "other", "y"), ("INCR", "text"), ("GET", "other"), ("GET", "nothing")]
    )

    assert (b"OK", b"y", None) == (stored, read, none)
    assert isinstance(refused, Refused)
    assert "ERR" == refused.kind
    assert [b"x"] == client.ask([("GET", "text")])


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_an_answer_of_any_size_arrives_whole(client: Pool, size: int) -> None:
    """However often the socket has to be read."""
    value = bytes(n % 256 for n in range(1000)) * (size // 1000 + 1)

    assert [b"OK", value[:size]] == client.ask([("SET", "big", value[:size]), ("GET", "big")])


def test_a_connection_that_was_closed_is_made_anew(client: Pool, real_redis: redis.Redis) -> None:
    """The question goes out once more, and whoever asked sees nothing of it."""
    client.ask([("SET", "key", "value")])
    real_redis.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")

    assert [b"value", b"PONG"] == client.ask([("GET", "key"), ("PING",)])


def test_a_server_that_is_gone_is_told_of() -> None:
    """At once."""
    with Valkey() as other:
        client = _to(other.port)
        client.ask([("PING",)])

    with pytest.raises(ConnectionRefusedError):
        client.ask([("PING",)])


def test_a_name_that_no_resolver_takes_is_an_outage() -> None:
    """As any other that leads nowhere."""
    client = pool(examples.settings(REDIS_HOST="x" * 64 + ".example"))

    with pytest.raises(OSError, match="name is none"):
        client.ask([("PING",)])


QUESTION, ANSWER = b"", b"$3\r\nnew\r\n"


def test_a_late_answer_is_nobody_s() -> None:
    """A time-out closes the connection; the next question goes out, and is answered, on another."""
    with _answering([QUESTION], [QUESTION, ANSWER]) as port:
        client = _to(port, REDIS_TIMEOUT_SECONDS="0.1")
        with pytest.raises(TimeoutError):
            client.ask([("GET", "key")])

        assert [b"new"] == client.ask([("GET", "key")])


def test_what_nobody_asked_for_is_nobody_s() -> None:
    """An answer that comes when none is outstanding costs the connection."""
    with _answering([QUESTION, ANSWER, 0.1, b"$5\r\nstray\r\n"], [QUESTION, ANSWER]) as port:
        client = _to(port, **PATIENT)
        client.ask([("GET", "key")])
        time.sleep(0.2)

        assert [b"new"] == client.ask([("GET", "key")])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ANSWER + b"$5\r\nstray\r\n", ConnectionError),
        (ANSWER + b"$5\r\nstr", ConnectionError),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ConnectionError),
        (b"$3\r\nnew", TimeoutError),
    ],
)
def test_what_is_not_one_answer_is_none(answer: bytes, error: type[OSError]) -> None:
    """More than was asked for, another protocol, half an answer: nothing of it is believed."""
    with _answering([QUESTION, answer]) as port, pytest.raises(error):
        _to(port, REDIS_TIMEOUT_SECONDS="0.1").ask([("GET", "key")])


def test_an_answer_by_drops_is_too_late() -> None:
    """The time-out is that of the question, not of each of its parts, which all are in time."""
    drops = [step for byte in ANSWER for step in (0.05, bytes([byte]))]
    with _answering([QUESTION, *drops]) as port, pytest.raises(TimeoutError, match="slow"):
        _to(port, REDIS_TIMEOUT_SECONDS="0.3").ask([("GET", "key")])


def test_a_server_that_takes_by_drops_is_too_slow() -> None:
    """As with answers: to take all would be a matter of many seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ended = threading.Event()

        def take_by_drops() -> None:
            accepted, _ = listener.accept()
            with accepted, suppress(OSError):
                while not ended.wait(0.03):
                    accepted.recv(100_000)

        thread = threading.Thread(target=take_by_drops)
        thread.start()
        started = time.monotonic()
        with pytest.raises(TimeoutError, match="slow"):
            _to(listener.getsockname()[1], REDIS_TIMEOUT_SECONDS="0.1").ask(
                [("SET", "key", b"x" * 30_000_000)]
            )
        waited = time.monotonic() - started
        ended.set()
        thread.join()

    assert waited < 5


@pytest.mark.parametrize("kind", ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH"])
def test_what_may_come_back_as_a_replica_is_left(kind: str) -> None:
    """Reads would be answered there, and miss what is written to the new primary."""
    refusal = f"-{kind} not now\r\n".encode()
    with _answering([QUESTION, refusal], [QUESTION, ANSWER]) as port:
        store = RedisStore(_to(port, **PATIENT), CircuitBreaker())
        with pytest.raises(CacheUnavailable, match=kind):
            store.get("key")

        assert b"new" == store.get("key")


def test_a_question_that_is_cut_short_costs_the_connection(
    client: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens between question and answer, no later question gets that answer."""
    client.ask([("SET", "key", "value")])
    connection = client._idle[0]
    reader = connection._reader

    class Interrupted:
        def feed(self, _: bytes) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(connection, "_reader", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        client.ask([("GET", "key")])
    monkeypatch.setattr(connection, "_reader", reader)

    assert [b"PONG"] == client.ask([("PING",)])


def test_another_database_is_chosen_in_the_greeting(
    client: Pool, valkey: Valkey, real_redis: redis.Redis
) -> None:
    """REDIS_DB: what is written there is seen nowhere else."""
    real_redis.delete("key")
    third = _to(valkey.port, REDIS_DB="3", **PATIENT)

    assert [b"OK"] == third.ask([("SET", "key", "there")])
    assert [None] == client.ask([("GET", "key")])


def test_a_greeting_that_is_refused_is_told_of(valkey: Valkey) -> None:
    """It is no lost connection: nothing is tried again, and nothing is sent unauthorized."""
    client = _to(valkey.port, REDIS_USERNAME="nobody", REDIS_PASSWORD="wrong", **PATIENT)

    with pytest.raises(Refused, match="WRONGPASS"):
        client.ask([("GET", "key")])


def test_threads_never_share_a_connection(client: Pool) -> None:
    """Each gets the answer to what it asked, however they come between each other."""

    def ask(number: int) -> set[bytes]:
        return {client.ask([("ECHO", f"{number}")])[0] for _ in range(100)}

    with ThreadPoolExecutor(8) as threads:
        assert [{f"{number}".encode()} for number in range(8)] == list(threads.map(ask, range(8)))
