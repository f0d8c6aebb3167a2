"""A Redis that is not ours, where ours would be: it is left alone."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dev.stack.programs import StartFailed
from dev.stack.servers import Valkey
from dev.watch.redis_reach import RedisReach
from dev.watch.refused import CommandRefused
from tests import examples
from tests.running_stack import RunningStack, eventually, is_alive, own_port


@pytest.fixture
def others() -> Iterator[redis.Redis]:
    """Start a Redis that is somebody else's, with a key."""
    with Valkey() as server, redis.Redis(port=server.port) as client:
        client.set("theirs", "1")
        yield client


def _port(client: redis.Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


@pytest.mark.parametrize("module", ["dev.stack", "dev.stack.services"])
def test_a_busy_port_is_refused_with_what_to_type(
    tmp_path: Path, others: redis.Redis, module: str
) -> None:
    """Another Redis answers a PING as ours would. Nothing is started, and it keeps what it has."""
    command = {"dev.stack": "make run", "dev.stack.services": "make services"}[module]
    free = {"AWS_PORT": str(own_port())}

    stack = RunningStack(tmp_path, module=module, REDIS_PORT=str(_port(others)), **free)

    assert 1 == stack.process.wait(30)
    assert 1 == len(stack.output.splitlines())
    assert re.search(rf"REDIS_PORT=\d+ {command}$", stack.output.strip())
    assert [b"theirs"] == others.keys()
    assert not (tmp_path / ".local").exists()


def test_another_redis_on_our_port_is_never_taken_for_ours(others: redis.Redis) -> None:
    """Ours cannot have the port then, and says so."""
    with pytest.raises(StartFailed, match="Valkey ended"):
        Valkey(_port(others)).start()

    assert [b"theirs"] == others.keys()


def test_another_redis_on_the_port_of_ours_is_not_flushed() -> None:
    """Ours has died; who has its port now keeps what it has, whatever the page's button says."""
    with Valkey() as ours, Valkey() as theirs:
        client = redis.Redis(port=theirs.port)
        client.set("theirs", "1")
        reach = RedisReach(examples.settings(REDIS_HOST="127.0.0.1"), ours, None)
        assert ours.flush()

        ours.port = theirs.port
        with pytest.raises(CommandRefused, match="nothing was flushed"):
            reach.flush()

        assert [b"theirs"] == client.keys()


def test_a_stack_ends_where_another_has_taken_its_redis_port(tmp_path: Path) -> None:
    """Its API would cache there, and "Valkey has died" would be told without end."""
    stack = RunningStack(tmp_path).ready()
    facts, pids = stack.facts, stack.pids
    os.kill(stack.process.pid, signal.SIGSTOP)
    try:
        os.kill(facts["redis"]["pid"], signal.SIGKILL)
        eventually(lambda: _is_free(facts["redis"]["port"]))
        with Valkey(facts["redis"]["port"]) as theirs:
            os.kill(stack.process.pid, signal.SIGCONT)
            assert 1 == stack.process.wait(30)
            keys = redis.Redis(port=theirs.port).keys()
    finally:
        if stack.process.poll() is None:
            os.kill(stack.process.pid, signal.SIGCONT)
            stack.end()

    assert "Another program has taken Valkey's port" in stack.output
    assert [] == keys
    assert [] == [pid for pid in pids if is_alive(pid)]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
