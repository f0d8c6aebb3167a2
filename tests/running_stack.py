"""A local stack that runs as a user starts it, and an HTTP client for it."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import boto3

_ROOT = Path(__file__).parent.parent
JSON = {"Content-Type": "application/json"}


class HttpResponse(NamedTuple):
    """A response of the stack."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_problem(self) -> bool:
        kind = self.headers["Content-Type"]
        return kind == "application/problem+json" and self.json["status"] == self.status


class StackClient:
    """Sends requests to an API on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> HttpResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return HttpResponse(response.status, response.headers, response.read())
        finally:
            connection.close()

    def send(self, raw: bytes) -> bytes:
        """Send raw bytes; return all data until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(raw)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def create(self, **fields: Any) -> HttpResponse:
        return self.request("POST", "/products", a_product(**fields), JSON)

    def sample(self) -> str:
        product_id: str = self.request("GET", "/products?limit=1").json["items"][0]["id"]
        return product_id

    def x_cache(self, product_id: str) -> str | None:
        return self.request("GET", f"/products/{product_id}").headers["X-Cache"]


class StackFiles:
    """A stack's directory, with the files that a running stack writes."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def file(self) -> Path:
        return self.place / ".local" / "stack.json"

    @property
    def facts(self) -> Any:
        return json.loads(self.file.read_text("utf-8"))

    @property
    def keys(self) -> dict[str, str]:
        """The emulator's credentials, by the names of boto3's parameters."""
        file = ConfigParser(interpolation=None)
        file.read(self.place / ".local" / "aws-credentials")
        return dict(file["default"])

    @property
    def dynamodb(self) -> Any:
        where = {"endpoint_url": self.facts["aws"]["url"], "region_name": "us-east-1"}
        return boto3.client("dynamodb", **where, **self.keys)


class RunningStack(StackClient, StackFiles):
    """A `make run`, or another stack program, with its own directory and port."""

    def __init__(
        self,
        place: Path,
        port: int | None = None,
        module: str = "dev.local_stack",
        **env: str,
    ) -> None:
        StackClient.__init__(self, port or own_port())
        StackFiles.__init__(self, place)
        self.env = {**os.environ, "API_PORT": str(self.port), "PYTHONPATH": str(_ROOT), **env}
        with (place / "output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                env=self.env,
                cwd=place,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return (self.place / "output.txt").read_text()

    @property
    def pids(self) -> list[int]:
        return [self.facts[part]["pid"] for part in ("api", "redis", "aws")]

    def ready(self) -> RunningStack:
        eventually(lambda: self.file.exists() or self.process.poll() is not None, seconds=90)
        assert self.process.poll() is None, self.output
        return self

    def transfer(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run an import or export in the stack's directory and environment."""
        command = [sys.executable, "-m", "dev.transfer", *words]
        return subprocess.run(
            command,
            env=self.env,
            cwd=self.place,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def running(place: Path, **env: str) -> Iterator[RunningStack]:
    stack = RunningStack(place, **env)
    try:
        yield stack.ready()
    finally:
        if stack.process.poll() is None:
            stack.end()


def own_port() -> int:
    """Return a free port below those that the kernel assigns, so that no other program gets it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def a_product(**fields: Any) -> bytes:
    product = {"name": "Mouse", "description": "A mouse", "price": 24.99, "stock_quantity": 5}
    return json.dumps(product | fields).encode()


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition is still false"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
