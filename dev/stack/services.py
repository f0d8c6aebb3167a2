"""
The servers that an API needs, `make services`: Valkey, an AWS emulator with tables and samples, and
the stream feed.

Starts them in order, and restarts Valkey or the stream feed after it dies. If the emulator dies,
its data is lost; if another program takes Valkey's port, the stack must not use it. In both cases
all servers stop. All processes stop with this one, however it ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NoReturn

from chalicelib.settings import Settings
from dev.stack import environment, ports, programs, target, upkeep
from dev.stack.emulator import Emulator
from dev.stack.programs import ROOT, Server, StartFailed
from dev.stack.servers import StreamFeed
from dev.stack.state_file import StackFile
from dev.stack.valkey import Valkey

STACK_DIRECTORY: Final = target.STATE.parent
"""Relative to the current directory, so that tests can run several stacks."""
_REDIS_PORT: Final = 6379
_AWS_PORT: Final = 4566


class Services:
    """
    The servers. One that `env` names is used as it is, and not started. Ports are those of `env`,
    else the usual ones with `usual_ports`, else free ones.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        command: str,
        local: Path = STACK_DIRECTORY,
        *,
        usual_ports: bool = False,
    ) -> None:
        # Reports all invalid settings at once, including those that the stack's servers replace.
        Settings.from_env({"REDIS_HOST": "127.0.0.1", **environment.of(None, None, env)})
        self._command = command
        self._local = local
        redis_port, aws_port = (ports.named(env, each) for each in ("REDIS_PORT", "AWS_PORT"))
        if usual_ports:
            redis_port, aws_port = redis_port or _REDIS_PORT, aws_port or _AWS_PORT
        self.redis = None if env.get("REDIS_HOST") else Valkey(redis_port, log=self._log("valkey"))
        self.aws = None
        if not env.get("AWS_ENDPOINT_URL"):
            data = local / "aws" if env.get("PERSIST") == "1" else None
            self.aws = Emulator(aws_port, data, log=self._log("aws"))
        self.env = environment.of(self.redis, self.aws, env)
        self.settings = Settings.from_env(self.env)

    def start(self, running: ExitStack) -> None:
        """Start the servers until `running` ends, and load the samples. Raise `StartFailed`."""
        self._refuse_busy_ports()
        if self.redis is not None:
            running.enter_context(self.redis)
        if self.aws is not None:
            running.enter_context(self.aws.credentials.file(self._local / target.CREDENTIALS))
            running.enter_context(self.aws)
        output = programs.run([sys.executable, "-m", "dev.stack.prepare"], self.env)
        print(output, end="", flush=True)

    def check(self) -> None:
        """Raise `StartFailed` if the emulator has died."""
        if self.aws is not None and not self.aws.is_alive:
            raise StartFailed("The AWS emulator has died, and its tables are lost")

    def restart(self, server: Server) -> None:
        """Restart a server. Raise `StartFailed` if another program uses its port."""
        print(f"{server.name} has died; restarting it", flush=True)
        if server is self.redis and ports.reason_unusable(server.host, server.port):
            raise StartFailed(
                f"Another program has taken {server.name}'s port, {server.port}: "
                "the stack stops, so that it does not write to that program"
            )
        try:
            server.start()
        except StartFailed as failure:
            print(failure, flush=True)

    def facts(self) -> dict[str, Any]:
        """Return the addresses. A server has a process id only if this stack started it."""
        settings = self.settings
        redis = {"host": settings.redis_host, "port": settings.redis_port}
        return {
            "redis": {**redis, "pid": self.redis.pid if self.redis else None},
            "aws": {"url": settings.aws_endpoint_url, "pid": self.aws.pid if self.aws else None},
            "tables": dict(settings.tables),
        }

    def lines(self) -> list[str]:
        """Return the addresses as text."""
        settings = self.settings
        tables = ", ".join(settings.tables.values())
        return [
            f"  Redis           redis://{settings.redis_host}:{settings.redis_port}",
            f"  DynamoDB        {settings.aws_endpoint_url}, tables {tables}",
        ]

    def _refuse_busy_ports(self) -> None:
        for server, variable in ((self.redis, "REDIS_PORT"), (self.aws, "AWS_PORT")):
            if server is not None:
                ports.refuse_busy(server.host, server.port, variable, self._command)

    def _log(self, name: str) -> Path:
        return self._local / "logs" / f"{name}.log"


def run() -> NoReturn:
    """Start the servers and keep them running. Raise `StartFailed` or `KeyboardInterrupt`."""
    services = Services(os.environ, "make services", usual_ports=True)
    stream = StreamFeed(services.env)
    with ExitStack() as running:
        file = running.enter_context(
            StackFile(STACK_DIRECTORY, lambda: {**services.facts(), "stream": {"pid": stream.pid}})
        )
        services.start(running)
        running.enter_context(stream)
        file.write()
        print(
            "Services for an API", *services.lines(), *_next_steps(services), sep="\n", flush=True
        )

        def restart(server: Server) -> None:
            services.restart(server)
            file.write()

        servers = [each for each in (services.redis, stream) if each is not None]
        upkeep.keep(servers, services.check, restart)


def _next_steps(services: Services) -> list[str]:
    """Return the next commands. Chalice reads the addresses only from its configuration."""
    configured = json.loads((ROOT / ".chalice" / "config.json").read_text())
    current = configured["stages"]["local"]["environment_variables"]
    actual = {name: services.env[name] for name in ("REDIS_HOST", "REDIS_PORT", "AWS_ENDPOINT_URL")}
    changed = [
        f'"{name}": "{value}"' for name, value in actual.items() if current.get(name) != value
    ]
    hint = [f"  First set       {', '.join(changed)} in .chalice/config.json, stage local"]
    return [
        *(hint if changed else []),
        "  Then            chalice local --stage local",
        "  Ctrl-C          stops all servers",
    ]


if __name__ == "__main__":
    sys.exit(upkeep.until_stopped(run))
