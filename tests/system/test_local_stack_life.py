"""The start and end of `make run`: all servers run, or none."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dev.stack import ports
from dev.stack.programs import StartFailed
from tests.running_stack import RunningStack, eventually, is_alive, running


@contextmanager
def _occupied(port: int) -> Iterator[None]:
    """Listen on a port, unless it is in use."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        yield
        return
    yield


def test_an_invalid_setting_stops_the_start(tmp_path: Path) -> None:
    """The message names the variable, and no server is started."""
    stack = RunningStack(tmp_path, CACHE_TTL_SECONDS="soon")

    assert 1 == stack.process.wait(30)
    assert "CACHE_TTL_SECONDS must be" in stack.output
    assert not stack.file.exists()


def test_the_default_port_is_8080() -> None:
    """No server is started here: the port may be in use."""
    script = (
        "import os; from dev.local_stack import CatalogStack as S; print(S(os.environ)._api.port)"
    )

    port = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)

    assert b"8080" == port.stdout.strip()


def test_a_second_stack_names_the_first(tmp_path: Path) -> None:
    """The directory is checked before the port."""
    (tmp_path / ".local").mkdir()
    place = os.open(tmp_path / ".local", os.O_RDONLY)
    fcntl.flock(place, fcntl.LOCK_EX)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stack = RunningStack(tmp_path, taken.getsockname()[1])
        status = stack.process.wait(30)
    os.close(place)

    assert 1 == status
    assert stack.output.startswith("A stack already runs here")


def test_a_busy_port_is_reported_with_a_free_one() -> None:
    """The next port may be in use too."""
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with _occupied(port + 1), pytest.raises(StartFailed, match="API_PORT=") as caught:
            ports.refuse_busy("127.0.0.1", port, "API_PORT")

    free = int(str(caught.value).partition("API_PORT=")[2].split()[0])
    assert free not in {port, port + 1}


def test_an_interrupted_stack_removes_everything(tmp_path: Path) -> None:
    """No process, no state file, no temporary directory, also if Valkey is paused."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stack = RunningStack(tmp_path, TMPDIR=str(scratch)).ready()
    pids = stack.pids
    os.kill(stack.facts["redis"]["pid"], signal.SIGSTOP)

    assert 0 == stack.end(signal.SIGINT)

    assert [] == [pid for pid in pids if is_alive(pid)]
    assert not stack.file.exists()
    assert [] == list(scratch.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent death signal")
def test_a_killed_stack_stops_its_servers(tmp_path: Path) -> None:
    """Even after SIGKILL no process is left, also if Valkey is paused."""
    stack = RunningStack(tmp_path, TMPDIR=str(tmp_path)).ready()
    pids = stack.pids
    os.kill(stack.facts["redis"]["pid"], signal.SIGSTOP)

    stack.end(signal.SIGKILL)

    eventually(lambda: not any(map(is_alive, pids)))


def test_a_dead_emulator_stops_the_stack(tmp_path: Path) -> None:
    """Its tables are lost."""
    stack = RunningStack(tmp_path).ready()
    pids = stack.pids

    os.kill(stack.facts["aws"]["pid"], signal.SIGKILL)

    assert 1 == stack.process.wait(30)
    assert "The AWS emulator has died" in stack.output
    assert [] == [pid for pid in pids if is_alive(pid)]
    assert not stack.file.exists()


def test_persist_keeps_the_data_after_a_restart(tmp_path: Path) -> None:
    """With PERSIST=1 the next start has the product and an empty cache."""
    first = RunningStack(tmp_path, PERSIST="1").ready()
    made, pids = first.create(price=3.5).json, first.pids
    eventually(lambda: first.x_cache(made["id"]) == "HIT")

    assert 0 == first.end(signal.SIGTERM)
    assert [] == [pid for pid in pids if is_alive(pid)]

    with running(tmp_path, PERSIST="1") as stack:
        read = stack.request("GET", f"/products/{made['id']}")

    assert made == read.json
    assert "MISS" == read.headers["X-Cache"]
