"""A Redis of another program on the stack's port is not changed."""

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
from tests.running_stack import RunningStack, eventually, is_alive, own_port


@pytest.fixture
def foreign_redis() -> Iterator[redis.Redis]:
    """Start another Redis with a key."""
    with Valkey() as server, redis.Redis(port=server.port) as client:
        client.set("foreign", "1")
        yield client


def _port(client: redis.Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


@pytest.mark.parametrize("module", ["dev.local_stack", "dev.stack.services"])
def test_a_busy_port_is_refused_with_a_command(
    tmp_path: Path, foreign_redis: redis.Redis, module: str
) -> None:
    """No server is started, and the other Redis keeps its keys."""
    command = {"dev.local_stack": "make run", "dev.stack.services": "make services"}[module]
    free = {"AWS_PORT": str(own_port())}

    stack = RunningStack(tmp_path, module=module, REDIS_PORT=str(_port(foreign_redis)), **free)

    assert 1 == stack.process.wait(30)
    assert 1 == len(stack.output.splitlines())
    assert re.search(rf"REDIS_PORT=\d+ {command}$", stack.output.strip())
    assert [b"foreign"] == foreign_redis.keys()
    assert not (tmp_path / ".local").exists()


def test_another_redis_on_the_port_is_detected(foreign_redis: redis.Redis) -> None:
    """The stack's Valkey cannot listen on it."""
    with pytest.raises(StartFailed, match="Valkey ended"):
        Valkey(_port(foreign_redis)).start()

    assert [b"foreign"] == foreign_redis.keys()


def test_another_redis_is_not_flushed() -> None:
    """After the stack's Valkey died, another program uses its port."""
    with Valkey() as own, Valkey() as other:
        client = redis.Redis(port=other.port)
        client.set("foreign", "1")
        assert own.flush()

        own.port = other.port
        assert not own.flush()
        assert [b"foreign"] == client.keys()


def test_a_stack_stops_if_another_redis_takes_its_port(tmp_path: Path) -> None:
    """Its API must not write to the other Redis."""
    stack = RunningStack(tmp_path).ready()
    facts, pids = stack.facts, stack.pids
    os.kill(stack.process.pid, signal.SIGSTOP)
    try:
        os.kill(facts["redis"]["pid"], signal.SIGKILL)
        eventually(lambda: _is_free(facts["redis"]["port"]))
        with Valkey(facts["redis"]["port"]) as other:
            os.kill(stack.process.pid, signal.SIGCONT)
            assert 1 == stack.process.wait(30)
            keys = redis.Redis(port=other.port).keys()
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
