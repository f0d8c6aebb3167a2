"""
What an API needs, `make services`: Valkey, an AWS emulator, the table, samples, the stream feed.

Knows the order of things, and what to do when one of them dies: the emulator takes the data with
it, and a port that another program has taken since is not ours, so then all ends; the others are
started again. It leaves nothing behind, however it ends.
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
from dev.stack.servers import Stream
from dev.stack.state_file import StackFile
from dev.stack.valkey import Valkey

STACK_DIRECTORY: Final = target.STATE.parent
"""In the current directory, so that tests can run stacks of their own."""
_REDIS_PORT: Final = 6379
_AWS_PORT: Final = 4566


class Services:
    """
    One that `env` names is used as it is, and not started. Without `usual_ports`, and where `env`
    names none, they listen on free ones.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        command: str,
        local: Path = STACK_DIRECTORY,
        *,
        usual_ports: bool = False,
    ) -> None:
        # Reports all invalid settings at once, also those that our own servers replace.
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
        """Start them, until `running` ends, with table and samples. Raise `StartFailed`."""
        self._refuse_busy_ports()
        if self.redis is not None:
            running.enter_context(self.redis)
        if self.aws is not None:
            running.enter_context(self.aws.credentials.file(self._local / target.CREDENTIALS))
            running.enter_context(self.aws)
        said = programs.run([sys.executable, "-m", "dev.stack.prepare"], self.env)
        print(said, end="", flush=True)

    def look(self) -> None:
        """Raise `StartFailed` where the emulator has died."""
        if self.aws is not None and not self.aws.is_alive:
            raise StartFailed("The AWS emulator has died, and the table with it")

    def revive(self, server: Server) -> None:
        """Start a server that has died. Raise `StartFailed` where its port is another's now."""
        print(f"{server.name} has died; starting it again", flush=True)
        if server is self.redis and ports.trouble_on(server.host, server.port):
            raise StartFailed(
                f"Another program has taken {server.name}'s port, {server.port}: "
                "all ends here, so that nothing of ours gets into it"
            )
        try:
            server.start()
        except StartFailed as failure:
            print(failure, flush=True)

    def facts(self) -> dict[str, Any]:
        """Return where both are. A process id stands for one that was started here."""
        settings = self.settings
        redis = {"host": settings.redis_host, "port": settings.redis_port}
        return {
            "redis": {**redis, "pid": self.redis.pid if self.redis else None},
            "aws": {"url": settings.aws_endpoint_url, "pid": self.aws.pid if self.aws else None},
            "tables": dict(settings.tables),
        }

    def told(self) -> list[str]:
        """Return the same for people."""
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
    """Start them all, then keep them running. Raise `StartFailed` or `KeyboardInterrupt`."""
    services = Services(os.environ, "make services", usual_ports=True)
    stream = Stream(services.env)
    with ExitStack() as running:
        file = running.enter_context(
            StackFile(STACK_DIRECTORY, lambda: {**services.facts(), "stream": {"pid": stream.pid}})
        )
        services.start(running)
        running.enter_context(stream)
        file.write()
        print("Services for an API", *services.told(), *_next(services), sep="\n", flush=True)

        def revive(server: Server) -> None:
            services.revive(server)
            file.write()

        servers = [each for each in (services.redis, stream) if each is not None]
        upkeep.keep(servers, services.look, revive)


def _next(services: Services) -> list[str]:
    """Return what to type next; Chalice takes the addresses from its configuration alone."""
    configured = json.loads((ROOT / ".chalice" / "config.json").read_text())
    theirs = configured["stages"]["local"]["environment_variables"]
    ours = {name: services.env[name] for name in ("REDIS_HOST", "REDIS_PORT", "AWS_ENDPOINT_URL")}
    changed = [f'"{name}": "{it}"' for name, it in ours.items() if theirs.get(name) != it]
    hint = [f"  First put       {', '.join(changed)} into .chalice/config.json, stage local"]
    return [
        *(hint if changed else []),
        "  Then            chalice local --stage local",
        "  Ctrl-C          stops it all",
    ]


if __name__ == "__main__":
    sys.exit(upkeep.until_told(run))
