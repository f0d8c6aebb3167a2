"""The local API's processes: how they start, serve side by side, and end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from dev import environment
from dev.programs import free_port
from dev.servers import ROOT, Api
from tests.running_stack import JSON, Client, eventually, is_alive

NOBODY = {"REDIS_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Neither Redis nor DynamoDB: no test here needs them."""
HALF_HEAD = b"GET /docs HTTP/1.1\r\nHost: local"
HALF_BODY = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where the server writes."""
    return tmp_path / "log.txt"


@pytest.fixture
def api(log: Path) -> Iterator[Api]:
    """Start the server."""
    with Api(_settings(), log=log) as server:
        yield server


def _settings(**env: str) -> dict[str, str]:
    stand_ins = {**NOBODY, "REDIS_PORT": str(free_port()), "LOG_FORMAT": "json"}
    return environment.of(None, None, {**os.environ, **stand_ins, **env})


def workers_of(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
    pairs = (map(int, line.split()) for line in told.stdout.splitlines())
    return [child for child, parent in pairs if parent == pid]


def test_a_worker_that_dies_is_replaced(api: Api, log: Path) -> None:
    """The other one serves meanwhile, and the log has it."""
    first, second = workers_of(api.pid)

    os.kill(first, signal.SIGKILL)

    eventually(lambda: len({*workers_of(api.pid)} - {first}) == 2)
    assert second in workers_of(api.pid)
    assert 405 == Client(api.port).ask("DELETE", "/products").status
    assert f"Worker (pid:{first}) was sent SIGKILL" in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_s_end_ends_its_workers(api: Api, number: signal.Signals) -> None:
    """However it ends; and the port is free for the next one."""
    workers = workers_of(api.pid)
    os.kill(api.pid, number)

    eventually(lambda: not any(map(is_alive, workers)))
    api.start()

    assert 2 == len(workers)
    assert 405 == Client(api.port).ask("DELETE", "/products").status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_client_delays_the_end(api: Api, number: signal.Signals) -> None:
    """Not a silent one, nor one whose connection is kept, nor one that has sent half a request."""
    kept = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
    assert 200 == _status(kept)
    with ExitStack() as clients:
        for sent in (b"", HALF_HEAD, HALF_BODY):
            client = socket.create_connection(("127.0.0.1", api.port))
            clients.enter_context(client).sendall(sent)
        os.kill(api.pid, number)
        begun = time.monotonic()
        eventually(lambda: not api.is_alive, seconds=10)

    assert time.monotonic() - begun < 4.5
    kept.close()


def test_each_answer_has_its_line_though_the_server_ends_under_load(api: Api, log: Path) -> None:
    """The live page counts lines: none is lost or torn, with two processes that write them."""
    answered: list[str] = []
    clients = [threading.Thread(target=_load, args=(api.port, answered)) for _ in range(8)]
    for client in clients:
        client.start()
    eventually(lambda: len(answered) > 500)

    os.kill(api.pid, signal.SIGTERM)
    eventually(lambda: not api.is_alive, seconds=10)

    for client in clients:
        client.join()
    logged = {json.loads(line).get("request_id") for line in log.read_text().splitlines()}
    assert {*answered} <= logged


def _load(port: int, answered: list[str]) -> None:
    """Ask until the server has gone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with suppress(OSError, http.client.HTTPException):
        while True:
            connection.request("HEAD", "/docs")
            with connection.getresponse() as answer:
                answered.append(answer.headers["X-Request-Id"])


def test_slow_clients_hold_up_no_other(api: Api) -> None:
    """Each holds a thread, and one worker may get all of them."""
    with ExitStack() as clients:
        for sent in [HALF_HEAD] * 80 + [HALF_BODY] * 80:
            client = socket.create_connection(("127.0.0.1", api.port))
            clients.enter_context(client).sendall(sent)

        assert {200} == {Client(api.port).ask("GET", "/docs").status for _ in range(20)}


def _status(connection: http.client.HTTPConnection) -> int:
    connection.request("HEAD", "/docs")
    with connection.getresponse() as answer:
        return answer.status


def _ended(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dev.server"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=_settings(**env),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_busy_port_ends_the_start_with_one_sentence() -> None:
    """It says which, and why."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = _ended(API_PORT=str(port))

    reason = "Address already in use"
    assert (1, f"Cannot listen on 127.0.0.1:{port}: {reason}\n", "") == (
        ended.returncode,
        ended.stderr,
        ended.stdout,
    )


def test_an_invalid_setting_ends_the_start() -> None:
    """Its name and rule are printed, and no traceback."""
    ended = _ended(API_ALLOWED_HOSTS="http://shop.example")

    assert 1 == ended.returncode
    assert "API_ALLOWED_HOSTS must be" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_localhost_is_served_on_both_families() -> None:
    """A browser may try either; a machine without IPv6 has one."""
    with Api(_settings(API_HOST="localhost")) as server:
        for family, address in _loopback():
            with socket.socket(family) as client:
                client.connect((address, server.port))
                client.sendall(b"HEAD /docs HTTP/1.0\r\nHost: localhost\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.0 200"


def _loopback() -> list[tuple[int, str]]:
    """Return this machine's own addresses: without IPv6, only one can be bound."""
    found = [(socket.AF_INET, "127.0.0.1")]
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        found.append((socket.AF_INET6, "::1"))
    return found


@pytest.mark.parametrize(("allowed", "status"), [("", 403), ("shop.example, other", 200)])
def test_a_server_for_other_machines_checks_host_names(allowed: str, status: int) -> None:
    """A container listens on all addresses, and its port may be published to one's own machine."""
    with Api(_settings(API_HOST="0.0.0.0", API_ALLOWED_HOSTS=allowed)) as server:
        client = Client(server.port)
        named = client.ask("GET", "/docs", headers={**JSON, "Host": "shop.example:8080"})

        assert [200, status] == [client.ask("GET", "/docs").status, named.status]
