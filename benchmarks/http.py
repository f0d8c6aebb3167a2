"""Hits over HTTP: the server of `make run` beside uvicorn, at 1, 8 and 32 connections."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.samples import percentile, spread
from chalicelib.resources import PRODUCTS
from dev.deploy.tools import programs
from dev.faults.client import Client
from dev.stack import environment
from dev.stack.programs import Program, Server, answers_http
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_table

CONNECTIONS: Final = (1, 8, 32)
OURS: Final = "make run"
UVICORN: Final = "fastapi_sqlite"
_PEER: Final = Path(__file__).with_name("peers") / UVICORN
_PRODUCT: Final = {
    "name": "Wireless Mouse",
    "description": "Ergonomic wireless mouse with adjustable DPI. " * 13,
    "price": 24.99,
    "stock_quantity": 150,
    "category": "accessories",
}


class Uvicorn(Server):
    """The first version of this API, served as FastAPI's documentation has it."""

    name = "uvicorn"

    def __init__(self, valkey: Valkey, log: Path) -> None:
        super().__init__(port=None)
        self._settings = {"REDIS_HOST": valkey.host, "REDIS_PORT": str(valkey.port)}
        self._log = log

    @property
    def url(self) -> str:
        """The base of its paths."""
        return f"http://{self.host}:{self.port}"

    def _launched(self, scratch: Path) -> Program:
        uvicorn = str(programs("fastapi-sqlite", _PEER / "requirements.lock") / "uvicorn")
        command = [uvicorn, "main:app", "--app-dir", str(_PEER), "--port", str(self.port)]
        env = {**os.environ, **self._settings, "DATABASE_URL": f"sqlite:///{scratch}/products.db"}
        return Program(self.name, command, env, cwd=scratch, log=self._log)

    def _answers(self) -> bool:
        return answers_http(self.host, self.port, "/")


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Return requests a second, median and 99th percentile in ms, resets, by connections."""
    told: dict[int, dict[str, list[dict[str, Any]]]] = {}
    with servers() as urls:
        products = {name: _stored(url) for name, url in urls.items()}
        for number in range(-1, rounds):
            for connections in CONNECTIONS:
                for name, url in products.items():
                    load = _load(url, connections, seconds)
                    if number >= 0:
                        told.setdefault(connections, {}).setdefault(name, []).append(load)
    return {str(connections): _compared(each, seconds) for connections, each in told.items()}


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Start both, each with a Valkey of its own; give their URLs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        logs = Path(directory)
        with (
            Valkey(log=logs / "valkey") as valkey,
            Valkey(log=logs / "other") as other,
            Emulator(log=logs / "aws") as aws,
        ):
            env = environment.of(valkey, aws, {"PATH": os.environ["PATH"], "LOG_FORMAT": "text"})
            create_table(aws.client("dynamodb"), PRODUCTS, env["PRODUCTS_TABLE"])
            uvicorn = Uvicorn(other, logs / "uvicorn")
            with Api(env, log=logs / "api") as api, uvicorn:
                yield {OURS: api.url, UVICORN: uvicorn.url}


def _stored(url: str) -> str:
    """Make a product and read it, so that it is cached; return its URL."""
    client = Client(url)
    path = f"/products/{client.send('POST', '/products', _PRODUCT).json()['id']}"
    if client.send("GET", path).status != 200:
        raise RuntimeError(f"{url} has not kept its product")
    client.close()
    return url + path


def _load(url: str, connections: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load", url, str(connections), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _compared(loads: Mapping[str, list[dict[str, Any]]], seconds: float) -> dict[str, Any]:
    rates = {name: [len(each["seconds"]) / seconds for each in of] for name, of in loads.items()}
    pairs = zip(rates[OURS], rates[UVICORN], strict=True)
    summaries = {name: _summary(of, rates[name]) for name, of in loads.items()}
    return summaries | {"ratio": spread([ours / other for ours, other in pairs])}


def _summary(loads: list[dict[str, Any]], rates: list[float]) -> dict[str, Any]:
    times = [[1000 * taken for taken in each["seconds"]] for each in loads]
    return {
        "requests a second": spread(rates),
        "p50": spread([median(each) for each in times]),
        "p99": spread([percentile(each, 99) for each in times]),
        "resets": sum(each["resets"] for each in loads),
    }
