"""The local commands with a foreign AWS configuration, a proxy, or a read-only disk."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running_stack import RunningStack, own_port, running

NOWHERE = {
    "AWS_PROFILE": "unknown",
    "AWS_DEFAULT_PROFILE": "unknown",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/unknown",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
}


@contextmanager
def a_proxy() -> Iterator[tuple[int, list[bytes]]]:
    """Yield a port, and the requests that arrive there."""
    arrived: list[bytes] = []

    def take(server: socket.socket) -> None:
        while True:
            try:
                client = server.accept()[0]
            except OSError:
                return
            with client:
                arrived.append(client.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=take, args=[server], daemon=True).start()
        yield server.getsockname()[1], arrived
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("surroundings", ["an AWS configuration", "a proxy"])
def test_the_configuration_of_the_shell_is_ignored(tmp_path: Path, surroundings: str) -> None:
    """With an unknown profile, or a proxy, all calls stay on this machine."""
    with a_proxy() as (port, arrived):
        url = f"http://127.0.0.1:{port}"
        proxies = {
            name: url
            for each in ("http_proxy", "https_proxy", "all_proxy")
            for name in (each, each.upper())
        }
        env = NOWHERE if surroundings == "an AWS configuration" else proxies
        with running(tmp_path, **env) as stack:
            assert "connected" == stack.request("GET", "/health").json["dynamodb"]
            saved = stack.transfer("export", "a.ndjson")
            loaded = stack.transfer("import", "a.ndjson")

    assert (0, "exported 25\n") == (saved.returncode, saved.stderr)
    assert (0, "read 25, stored 25, rejected 0\n") == (loaded.returncode, loaded.stdout)
    assert [] == arrived


@pytest.mark.parametrize("module", ["dev.local_stack", "dev.stack.services"])
@pytest.mark.parametrize("place", [".local", ".local/logs"])
def test_an_unwritable_directory_is_reported_in_one_line(
    tmp_path: Path, module: str, place: str
) -> None:
    """As on a read-only disk: a file has the name of the stack's directory."""
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).touch()
    ports = {name: str(own_port()) for name in ("REDIS_PORT", "AWS_PORT")}

    stack = RunningStack(tmp_path, module=module, **ports)

    assert 1 == stack.process.wait(30)
    assert 1 == len(stack.output.splitlines())
    assert place in stack.output


def test_a_failed_table_creation_is_reported_in_one_line(tmp_path: Path) -> None:
    """The start fails without a traceback and leaves no process."""
    stack = RunningStack(tmp_path, AWS_ENDPOINT_URL=f"http://127.0.0.1:{own_port()}")

    assert 1 == stack.process.wait(60)
    assert [True] == [
        "The table could not be created" in line for line in stack.output.splitlines()
    ]
