"""How `make run` starts and ends: with everything or with nothing."""

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
def _taken(port: int) -> Iterator[None]:
    """Listen on a port, unless somebody does."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        yield
        return
    yield


def test_a_setting_at_fault_stops_the_start(tmp_path: Path) -> None:
    """The variable is named, and nothing is started."""
    stack = RunningStack(tmp_path, CACHE_TTL_SECONDS="soon")

    assert 1 == stack.process.wait(30)
    assert "CACHE_TTL_SECONDS must be" in stack.output
    assert not stack.file.exists()


def test_without_a_port_of_its_own_the_api_listens_on_the_one_announced() -> None:
    """`make run` serves on 8080, as it says. Nothing is started here: the port may be in use."""
    script = (
        "import os; from dev.stack.local_stack import CatalogStack as S; "
        "print(S(os.environ)._api.port)"
    )

    port = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)

    assert b"8080" == port.stdout.strip()


def test_a_second_stack_is_told_of_the_first(tmp_path: Path) -> None:
    """Before its port is looked at: another port would not help it."""
    (tmp_path / ".local").mkdir()
    place = os.open(tmp_path / ".local", os.O_RDONLY)
    fcntl.flock(place, fcntl.LOCK_EX)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stack = RunningStack(tmp_path, taken.getsockname()[1])
        status = stack.process.wait(30)
    os.close(place)

    assert 1 == status
    assert stack.output.startswith("A stack runs here already")


def test_a_port_that_is_taken_is_told_with_one_that_is_free() -> None:
    """The next one may be taken too."""
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with _taken(port + 1), pytest.raises(StartFailed, match="API_PORT=") as told:
            ports.refuse_busy("127.0.0.1", port, "API_PORT")

    free = int(str(told.value).partition("API_PORT=")[2].split()[0])
    assert free not in {port, port + 1}


def test_an_interrupted_stack_leaves_nothing(tmp_path: Path) -> None:
    """No process, no state file, no temporary directory; a paused Valkey makes no difference."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stack = RunningStack(tmp_path, TMPDIR=str(scratch)).ready()
    pids = stack.pids
    os.kill(stack.facts["redis"]["pid"], signal.SIGSTOP)

    assert 0 == stack.end(signal.SIGINT)

    assert [] == [pid for pid in pids if is_alive(pid)]
    assert not stack.file.exists()
    assert [] == list(scratch.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_a_killed_stack_takes_its_servers_along(tmp_path: Path) -> None:
    """Even SIGKILL, which nobody can answer, leaves no process behind, nor a paused Valkey."""
    stack = RunningStack(tmp_path, TMPDIR=str(tmp_path)).ready()
    pids = stack.pids
    os.kill(stack.facts["redis"]["pid"], signal.SIGSTOP)

    stack.end(signal.SIGKILL)

    eventually(lambda: not any(map(is_alive, pids)))


def test_a_dead_emulator_ends_the_stack(tmp_path: Path) -> None:
    """The table is gone with it, so all ends, and says so."""
    stack = RunningStack(tmp_path).ready()
    pids = stack.pids

    os.kill(stack.facts["aws"]["pid"], signal.SIGKILL)

    assert 1 == stack.process.wait(30)
    assert "The AWS emulator has died" in stack.output
    assert [] == [pid for pid in pids if is_alive(pid)]
    assert not stack.file.exists()


def test_persist_keeps_the_data_over_a_restart(tmp_path: Path) -> None:
    """With PERSIST=1 the next run has the product, and an empty cache: an old copy may be stale."""
    first = RunningStack(tmp_path, PERSIST="1").ready()
    made, pids = first.create(price=3.5).json, first.pids
    eventually(lambda: first.x_cache(made["id"]) == "HIT")

    assert 0 == first.end(signal.SIGTERM)
    assert [] == [pid for pid in pids if is_alive(pid)]

    with running(tmp_path, PERSIST="1") as stack:
        read = stack.ask("GET", f"/products/{made['id']}")

    assert made == read.json
    assert "MISS" == read.headers["X-Cache"]
