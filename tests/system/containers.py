"""The stack of `localstack-compose.yml`, as a separate project on its own ports."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3

from tests.running_stack import StackClient
from tests.system.podman import setup

_ROOT: Final = Path(__file__).parents[2]
_SECONDS: Final = 420


class NoEngine(Exception):
    """Containers cannot run on this machine. The text contains the reason and a remedy."""


@dataclass(frozen=True)
class Engine:
    """Docker or Podman: the program, its Compose, and whether it runs health checks itself."""

    program: str
    compose: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    runs_health_checks: bool

    def output(self, *words: str) -> str:
        """Return the output of a command. Raise `CalledProcessError`."""
        command = [self.program, *words]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def is_healthy(self, container: str) -> bool:
        """Return the result of the container's health check."""
        if self.runs_health_checks:
            return "healthy" == self.output("inspect", "-f", "{{.State.Health.Status}}", container)
        command = [self.program, "healthcheck", "run", container]
        return not subprocess.run(
            command, env=self.env, capture_output=True, check=False
        ).returncode


@contextmanager
def engine() -> Iterator[Engine]:
    """Return Docker if it runs, else a separate Podman. Raise `NoEngine`."""
    if _succeeds("docker", "info") and _succeeds("docker", "compose", "version"):
        yield Engine("docker", ["docker", "compose"], os.environ, runs_health_checks=True)
        return
    if reason := setup.missing():
        raise NoEngine(f"Docker does not run here, and for Podman: {reason}")
    with setup.podman() as (compose, env):
        yield Engine("podman", compose, env, runs_health_checks=False)


class Containers(StackClient):
    """The containers of one project, and a client of its API."""

    def __init__(self, engine: Engine, place: Path, settings: Mapping[str, str]) -> None:
        port, self.aws_port, self.redis_port = _free_ports(3)
        super().__init__(port)
        self.engine = engine
        self.project = f"catalog-test-{self.port}"
        ports = {"API_PORT": self.port, "AWS_PORT": self.aws_port, "REDIS_PORT": self.redis_port}
        self._env_file = place / "settings"
        lines = [f"{name}={value}\n" for name, value in {**settings, **ports}.items()]
        self._env_file.write_text("".join(lines))
        self.log = place / "compose.log"

    def compose(self, *words: str) -> None:
        """Run Compose. Its output goes to the log."""
        options = ["-f", "localstack-compose.yml", "-p", self.project]
        command = [*self.engine.compose, *options, "--env-file", str(self._env_file), *words]
        with self.log.open("ab") as log:
            subprocess.run(
                command,
                cwd=_ROOT,
                env=self.engine.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_SECONDS,
                check=True,
            )

    def all(self, service: str | None = None) -> list[str]:
        """Return the ids of the project's containers, including stopped ones."""
        filters = [f"--filter=label=com.docker.compose.project={self.project}"]
        if service:
            filters.append(f"--filter=label=com.docker.compose.service={service}")
        return self.engine.output("ps", "--all", "--quiet", *filters).split()

    def leftovers(self) -> list[str]:
        """Return the ids of the project's containers, networks and volumes."""
        label = f"--filter=label=com.docker.compose.project={self.project}"
        kinds = ("network", "volume")
        kept = [self.engine.output(kind, "ls", "--quiet", label).split() for kind in kinds]
        return sum(kept, self.all())

    def inspect(self, service: str) -> Any:
        """Return the engine's description of a service's container."""
        return json.loads(self.engine.output("inspect", *self.all(service)))[0]

    def exit_status(self, service: str) -> int:
        """Return the exit status of a service."""
        status: int = self.inspect(service)["State"]["ExitCode"]
        return status

    def execute(self, service: str, *command: str, user: str = "", **env: str) -> str:
        """Run a command in a container and return its output. Raise `CalledProcessError`."""
        options = [f"--env={name}={value}" for name, value in env.items()]
        options += [f"--user={user}"] if user else []
        return self.engine.output("exec", *options, *self.all(service), *command)

    def is_healthy(self, service: str) -> bool:
        """Return the result of the service's health check."""
        return self.engine.is_healthy(*self.all(service))

    def table(self) -> Any:
        """Return the emulator's table, for writes without the API."""
        return boto3.resource(
            "dynamodb",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{self.aws_port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        ).Table("products")


def _free_ports(number: int) -> list[int]:
    """Return free ports below the range of outgoing connections, so that they stay free."""
    candidates = random.sample(range(20_000, 32_000), 100)
    return [port for port in candidates if _is_free(port)][:number]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _succeeds(*command: str) -> bool:
    try:
        return not subprocess.run(command, capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False
