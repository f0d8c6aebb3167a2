"""Starts a program, waits until it answers, and surely stops it. Knows not what it serves."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Self

ROOT: Final = Path(__file__).parents[2]
_TIED: Final = (sys.executable, "-IS", str(Path(__file__).with_name("parent_death_signal.py")))
ANSWER_SECONDS: Final = 1.0
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0
_LINES_TOLD: Final = 15


class StartFailed(Exception):
    """A program did not come up. The text says which, why, and how its log ends."""


class Program:
    """
    A program under way, tied to this process: it ends with it, even by SIGKILL (on Linux).

    It is then sent `orphaned`: SIGTERM lets it save what it holds, SIGKILL ends even a paused one.

    In a session of its own, so Ctrl-C on a terminal reaches only us, and we stop it in our order.
    It writes to `log`, a file or an open descriptor; without one, where we write.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        cwd: Path,
        log: Path | int | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._name = name
        self._log = log
        with _opened(log) as output:
            self._process = subprocess.Popen(
                [*_TIED, str(os.getpid()), str(orphaned.value), *command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended. A stopped (SIGSTOP) one is alive."""
        return self._process.poll() is None

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Return once `answers()`. Raise `StartFailed` where it ends first, or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not (self.is_alive and answers()):
            if not self.is_alive:
                raise StartFailed(self._told(f"ended with status {self._process.returncode}"))
            if time.monotonic() > deadline:
                raise StartFailed(self._told(f"did not answer within {_START_SECONDS:.0f} s"))
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send it and what it has started a signal; nothing happens where it has ended."""
        if self.is_alive:
            os.killpg(self.pid, number)

    def stop(self) -> None:
        """End it and whatever it started: asked first, then by force."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def _told(self, what: str) -> str:
        if not isinstance(self._log, Path):
            return f"{self._name} {what}"
        lines = self._log.read_text(errors="replace").splitlines()[-_LINES_TOLD:]
        return "\n".join([f"{self._name} {what}. Its log, {self._log}, ends:", *lines])


class Server:
    """What listens on a port, as a context manager. May be started again on the same port."""

    name: str

    def __init__(self, port: int | None, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port or free_port()
        self._program: Program | None = None
        self._scratch: Path | None = None

    @property
    def pid(self) -> int:
        """Its process id, of the last start where it has died since."""
        if self._program is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._program.pid

    @property
    def is_alive(self) -> bool:
        """Whether its process is there."""
        return self._program is not None and self._program.is_alive

    def start(self) -> None:
        """Start it and return when it answers. Raise `StartFailed`, with nothing left running."""
        self.stop()
        self._scratch = Path(tempfile.mkdtemp(prefix="catalog-"))
        try:
            self._program = self._launched(self._scratch)
            self._program.wait_until(self._answers)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, surely, and remove its temporary files; nothing happens where it is ended."""
        if self._program is not None:
            self._program.stop()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, as a fault test does: SIGSTOP, SIGCONT, SIGKILL."""
        if self._program is not None:
            self._program.signal(number)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it, surely."""
        self.stop()

    def _launched(self, scratch: Path) -> Program:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError


def run(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Return what a program of ours says. Raise `StartFailed` with what it complains of."""
    done = subprocess.run(
        [*_TIED, str(os.getpid()), str(signal.SIGTERM.value), *command],
        env=dict(env),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise StartFailed(done.stderr.strip())
    return done.stdout


def of_the_machine() -> dict[str, str]:
    """Return what programs need to run at all; no setting of a developer's shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def free_port() -> int:
    """
    Return a port that no program listens on at the moment.

    It is below those that systems give to outgoing connections, so that none of them takes it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def answers_http(host: str, port: int, path: str) -> bool:
    """Tell whether there is any answer, whatever its status."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _opened(log: Path | int | None) -> IO[bytes]:
    """Return where output goes: the log, begun anew, or a copy of a descriptor."""
    if not isinstance(log, Path):
        return os.fdopen(os.dup(1 if log is None else log), "wb")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("wb")
