"""
The servers of the local stack: a real Valkey, an AWS emulator, the API and the stream feed.

    with Valkey() as valkey, Emulator() as aws, Api(environment.of(valkey, aws)) as api:
        …

Each server uses a free port unless one is given, and listens on this machine only. It has `host`,
`port`, `url` and `pid`. After it dies, `start()` starts it again on the same port.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dev.stack.emulator import Emulator
from dev.stack.programs import ROOT, Program, Server, answers_http
from dev.stack.valkey import Valkey

__all__ = ["Api", "Emulator", "StreamFeed", "Valkey"]


class Api(Server):
    """The API, run by `python -m <module>`. `env` is its complete environment."""

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
        """The base URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def _launched(self, _scratch: Path) -> Program:
        command = [sys.executable, "-m", self._module]
        return Program(self.name, command, self._env, cwd=ROOT, log=self._log)

    def _answers(self) -> bool:
        # The gateway answers an unknown path without a log line.
        return answers_http(self.host, self.port, "/no-such-path")


class StreamFeed(Server):
    """Sends the table's stream to the stream Lambda: `dev/stack/stream.py`. Has no port."""

    name = "The stream feed"

    def __init__(self, env: Mapping[str, str], log: Path | int | None = None) -> None:
        super().__init__(port=None)
        self._env = dict(env)
        self._log = log

    def _launched(self, _scratch: Path) -> Program:
        command = [sys.executable, "-m", "dev.stack.stream"]
        return Program(self.name, command, self._env, cwd=ROOT, log=self._log)

    def _answers(self) -> bool:
        return True


def _reachable(host: str) -> str:
    """Return an address of a server that listens on `host`, which may mean every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
