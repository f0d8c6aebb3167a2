"""The local API's processes: start, parallel service and end."""

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

from dev.server.serving import WORKERS
from dev.stack import environment
from dev.stack.programs import free_port
from dev.stack.servers import ROOT, Api
from tests.running_stack import JSON, StackClient, eventually, is_alive

UNREACHABLE = {"REDIS_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Redis and DynamoDB are not needed here."""
HALF_HEAD = b"GET /docs HTTP/1.1\r\nHost: local"
HALF_BODY = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the server's log file."""
    return tmp_path / "log.txt"


@pytest.fixture
def api(log: Path) -> Iterator[Api]:
    """Start the server."""
    with Api(_settings(), log=log) as server:
        yield server


def _settings(**env: str) -> dict[str, str]:
    unused = {**UNREACHABLE, "REDIS_PORT": str(free_port()), "LOG_FORMAT": "json"}
    return environment.of(None, None, {**os.environ, **unused, **env})


def workers_of(pid: int) -> list[int]:
    """Return the child processes."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
    pairs = (map(int, line.split()) for line in listed.stdout.splitlines())
    return [child for child, parent in pairs if parent == pid]


def test_a_worker_that_dies_is_replaced(api: Api, log: Path) -> None:
    """The other workers keep running, and the log has a line."""
    eventually(lambda: len(workers_of(api.pid)) == WORKERS)
    first, *others = workers_of(api.pid)

    os.kill(first, signal.SIGKILL)

    eventually(lambda: len({*workers_of(api.pid)} - {first}) == WORKERS)
    assert {*others} < {*workers_of(api.pid)}
    assert 405 == StackClient(api.port).request("DELETE", "/products").status
    assert f"Worker (pid:{first}) was sent SIGKILL" in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_server(api: Api, number: signal.Signals) -> None:
    """However it ends. The port is then free."""
    eventually(lambda: len(workers_of(api.pid)) == WORKERS)
    workers = workers_of(api.pid)
    os.kill(api.pid, number)

    eventually(lambda: not any(map(is_alive, workers)))
    api.start()

    assert 405 == StackClient(api.port).request("DELETE", "/products").status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_stops_despite_connected_clients(api: Api, number: signal.Signals) -> None:
    """A silent client, a kept connection and partial requests delay it by 3 s at most."""
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


def test_an_unknown_aws_profile_is_reported_in_one_line() -> None:
    """boto3 looks it up when its client is made, at the start."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.server"],
        env=_settings(AWS_PROFILE="none", API_PORT=str(free_port())),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert 1 == done.returncode
    assert "AWS cannot be called: The config profile (none) could not be found\n" == done.stderr


def test_no_log_line_is_lost_at_the_end(api: Api, log: Path) -> None:
    """The workers write to one file under load. The live page counts these lines."""
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
    """Send requests until the server has ended."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with suppress(OSError, http.client.HTTPException):
        while True:
            connection.request("HEAD", "/docs")
            with connection.getresponse() as answer:
                answered.append(answer.headers["X-Request-Id"])


def test_slow_clients_do_not_block_others(api: Api) -> None:
    """Each occupies a thread, and one worker may accept all of them."""
    with ExitStack() as clients:
        for sent in [HALF_HEAD] * 80 + [HALF_BODY] * 80:
            client = socket.create_connection(("127.0.0.1", api.port))
            clients.enter_context(client).sendall(sent)

        assert {200} == {StackClient(api.port).request("GET", "/docs").status for _ in range(20)}


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


def test_a_busy_port_stops_the_start() -> None:
    """The message has the address and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = _ended(API_PORT=str(port))

    reason = "Address already in use"
    assert (1, f"Cannot listen on 127.0.0.1:{port}: {reason}\n", "") == (
        ended.returncode,
        ended.stderr,
        ended.stdout,
    )


def test_an_invalid_setting_stops_the_start() -> None:
    """The message has the name and the rule, and no traceback."""
    ended = _ended(API_ALLOWED_HOSTS="http://shop.example")

    assert 1 == ended.returncode
    assert "API_ALLOWED_HOSTS must be" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_localhost_is_served_on_both_families() -> None:
    """Browsers try either. A machine without IPv6 has one."""
    with Api(_settings(API_HOST="localhost")) as server:
        for family, address in _loopback():
            with socket.socket(family) as client:
                client.connect((address, server.port))
                client.sendall(b"HEAD /docs HTTP/1.0\r\nHost: localhost\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.0 200"


def _loopback() -> list[tuple[int, str]]:
    """Return the loopback addresses that can be bound."""
    found = [(socket.AF_INET, "127.0.0.1")]
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        found.append((socket.AF_INET6, "::1"))
    return found


@pytest.mark.parametrize(("allowed", "status"), [("", 403), ("shop.example, other", 200)])
def test_host_names_are_checked_on_every_address(allowed: str, status: int) -> None:
    """A container listens on 0.0.0.0 while its port is published on 127.0.0.1 only."""
    with Api(_settings(API_HOST="0.0.0.0", API_ALLOWED_HOSTS=allowed)) as server:
        client = StackClient(server.port)
        named = client.request("GET", "/docs", headers={**JSON, "Host": "shop.example:8080"})

        assert [200, status] == [client.request("GET", "/docs").status, named.status]
