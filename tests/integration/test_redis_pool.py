"""Redis' connections as they are lent and taken back, with a real Valkey."""

import threading
from typing import Any

import pytest
import redis

from chalicelib.redis_connection import connect
from dev.servers import Valkey
from tests import examples


@pytest.fixture
def client(valkey: Valkey) -> Any:
    """Return the client of the settings."""
    return connect(examples.settings(REDIS_HOST="127.0.0.1", REDIS_PORT=str(valkey.port)))


def test_one_connection_serves_command_after_command(client: Any) -> None:
    """It is made at the first, and kept."""
    ids = {client.execute_command("CLIENT ID") for _ in range(5)}

    assert 1 == len(ids)


def test_a_connection_that_was_closed_is_made_anew(client: Any, real_redis: redis.Redis) -> None:
    """The command is sent once more, and whoever asked sees nothing of it."""
    client.set("key", "value")
    real_redis.execute_command("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")

    assert b"value" == client.get("key")


def test_a_server_that_is_gone_is_told_of() -> None:
    """After the second try, at once."""
    with Valkey() as other:
        client = connect(examples.settings(REDIS_HOST="127.0.0.1", REDIS_PORT=str(other.port)))
        client.ping()

    with pytest.raises(redis.ConnectionError):
        client.ping()


def test_an_answer_that_is_an_error_leaves_the_connection_good(client: Any) -> None:
    """The next command has its own answer."""
    client.set("text", "x")
    with pytest.raises(redis.ResponseError):
        client.incr("text")

    assert b"x" == client.get("text")


def test_threads_never_share_a_connection(client: Any) -> None:
    """Each gets the answer to what it asked, however they come between each other."""
    wrong = []

    def ask(number: int) -> None:
        for _ in range(100):
            answer = client.execute_command("ECHO", f"{number}")
            if answer != f"{number}".encode():
                wrong.append((number, answer))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == wrong
