"""Starts a program, waits until it answers, and stops it with all its child processes."""

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
_LAUNCHER: Final = (sys.executable, "-IS", str(Path(__file__).with_name("parent_death_signal.py")))
ANSWER_SECONDS: Final = 1.0
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0
_LOG_LINES_SHOWN: Final = 15


class StartFailed(Exception):
    """A program did not start. The text contains its name, the reason and the end of its log."""


class Program:
    """
    A running program. It ends with this process, on Linux even if that is killed by SIGKILL.

    It then receives `orphaned`: after SIGTERM it can save its data; SIGKILL ends a paused one too.

    It runs in its own session, so Ctrl-C reaches only this process, which stops it in order. It
    writes to `log`, a file or an open descriptor; by default to this process's output.
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
                [*_LAUNCHER, str(os.getpid()), str(orphaned.value), *command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs. A paused (SIGSTOP) process is alive."""
        return self._process.poll() is None

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Wait until `answers()`. Raise `StartFailed` if the program ends or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not (self.is_alive and answers()):
            if not self.is_alive:
                raise StartFailed(self._failure(f"ended with status {self._process.returncode}"))
            if time.monotonic() > deadline:
                raise StartFailed(self._failure(f"did not answer within {_START_SECONDS:.0f} s"))
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and its children, unless it has ended."""
        if self.is_alive:
            os.killpg(self.pid, number)

    def stop(self) -> None:
        """End the program and its children, first with SIGTERM, then with SIGKILL."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def _failure(self, reason: str) -> str:
        if not isinstance(self._log, Path):
            return f"{self._name} {reason}"
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return "\n".join([f"{self._name} {reason}. The end of its log, {self._log}:", *lines])


class Server:
    """A program that listens on a port, as a context manager. Can restart on the same port."""

    name: str

    def __init__(self, port: int | None, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port or free_port()
        self._program: Program | None = None
        self._scratch: Path | None = None

    @property
    def pid(self) -> int:
        """The process id of the last start."""
        if self._program is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._program.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._program is not None and self._program.is_alive

    def start(self) -> None:
        """Start the program and wait until it answers. If that fails, stop it: `StartFailed`."""
        self.stop()
        self._scratch = Path(tempfile.mkdtemp(prefix="catalog-"))
        try:
            self._program = self._launched(self._scratch)
            self._program.wait_until(self._answers)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the program and remove its temporary files. No effect if it has ended."""
        if self._program is not None:
            self._program.stop()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal such as SIGSTOP, SIGCONT or SIGKILL."""
        if self._program is not None:
            self._program.signal(number)

    def __enter__(self) -> Self:
        """Start the program."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the program."""
        self.stop()

    def _launched(self, scratch: Path) -> Program:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError


def run(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a program of this project and return its output. Raise `StartFailed` with its errors."""
    done = subprocess.run(
        [*_LAUNCHER, str(os.getpid()), str(signal.SIGTERM.value), *command],
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


def base_environment() -> dict[str, str]:
    """Return the variables that every program needs, without settings of the shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def free_port() -> int:
    """
    Return a port that no program listens on at the moment.

    It is below the range of outgoing connections, so that none of them takes it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def answers_http(host: str, port: int, path: str) -> bool:
    """Return whether there is a response, of any status."""
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
    """Return the output: the log file, emptied, or a copy of the descriptor."""
    if not isinstance(log, Path):
        return os.fdopen(os.dup(1 if log is None else log), "wb")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("wb")
