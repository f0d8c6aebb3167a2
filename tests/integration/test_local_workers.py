"""The local API's processes: they serve side by side, and end together."""

import http.client
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import environment
from dev.programs import free_port
from dev.server import WORKERS
from dev.servers import Api
from tests.running_stack import Client, eventually, is_alive

NOBODY = {"REDIS_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Neither Redis nor DynamoDB: no test here needs them."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where the server writes."""
    return tmp_path / "log.txt"


@pytest.fixture
def api(log: Path) -> Iterator[Api]:
    """Start the server."""
    with Api(_settings(), log=log) as server:
        yield server


def _settings() -> dict[str, str]:
    return environment.of(None, None, {**os.environ, **NOBODY, "REDIS_PORT": str(free_port())})


def workers_of(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
    pairs = (map(int, line.split()) for line in told.stdout.splitlines())
    return [child for child, parent in pairs if parent == pid]


def test_a_worker_s_death_ends_the_server(api: Api, log: Path) -> None:
    """So whoever started it starts all of it again; it says why."""
    first, second = workers_of(api.pid)

    os.kill(first, signal.SIGKILL)

    eventually(lambda: not api.is_alive)
    eventually(lambda: not is_alive(second))
    assert f"Worker {first} has ended with status -9" in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_s_end_ends_its_workers(api: Api, number: signal.Signals) -> None:
    """However it ends; and the port is free for the next one."""
    workers = workers_of(api.pid)
    os.kill(api.pid, number)

    eventually(lambda: not any(map(is_alive, workers)))
    api.start()

    assert WORKERS == len(workers)
    assert 405 == Client(api.port).ask("DELETE", "/products").status


def test_an_api_goes_on_where_nobody_reads_its_output() -> None:
    """A pipe holds 64 KiB, which is less than the lines of 1,000 requests."""
    _, inlet = os.pipe()

    with Api(_settings(), log=inlet) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        statuses = {_status(connection) for _ in range(1000)}

    assert {200} == statuses


def _status(connection: http.client.HTTPConnection) -> int:
    connection.request("HEAD", "/docs")
    with connection.getresponse() as answer:
        return answer.status
