"""Over HTTP, on a laptop: `make run`'s server beside the FastAPI version on uvicorn; traffic."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from chalicelib.resources import PRODUCTS
from dev.deploy.tools import programs
from dev.faults.client import Client, TimedResponse
from dev.faults.rig import FaultRig
from dev.stack import environment
from dev.stack.programs import Program, Server, answers_http
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_table

CONNECTIONS: Final = (1, 8, 32)
OURS: Final = "make run"
UVICORN: Final = "FastAPI on uvicorn"
READERS: Final = 50
_CLIENTS: Final = 4
_PRODUCTS: Final = 100
_STREAM_SECONDS: Final = 2.0
"""After these, the stream has delivered the writes before."""
_PEER: Final = Path(__file__).with_name("peers") / "fastapi_sqlite"
_DRAFT: Final = {
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
        self.url = f"http://{self.host}:{self.port}"

    def _launched(self, scratch: Path) -> Program:
        uvicorn = str(programs("fastapi-sqlite", _PEER / "requirements.lock") / "uvicorn")
        command = [uvicorn, "main:app", "--app-dir", str(_PEER), "--port", str(self.port)]
        env = {**os.environ, **self._settings, "DATABASE_URL": f"sqlite:///{scratch}/products.db"}
        return Program(self.name, command, env, cwd=scratch, log=self._log)

    def _answers(self) -> bool:
        return answers_http(self.host, self.port, "/")


def hits(rounds: int, seconds: float) -> dict[str, Any]:
    """Return hits a second, median and 99th percentile in ms, by connections and server."""
    figures: dict[str, Any] = {}
    with _servers() as urls:
        products = {name: f"{url}/products/{_stored(url)}" for name, url in urls.items()}
        for number in range(-1, rounds):
            for connections in CONNECTIONS:
                for name, url in products.items():
                    taken = _load(url, connections, seconds)
                    if number >= 0:
                        of = figures.setdefault(str(connections), {}).setdefault(name, {})
                        of.setdefault("rate", []).append(len(taken) / seconds)
                        of.setdefault("p50", []).append(median(taken))
                        of.setdefault("p99", []).append(quantiles(taken, n=100)[98])
    return figures


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    """Start both, each with a Valkey of its own; give their URLs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        logs = Path(directory)
        with (
            Valkey(log=logs / "valkey") as valkey,
            Valkey(log=logs / "other") as other,
            Emulator(log=logs / "aws") as aws,
        ):
            env = environment.of(valkey, aws, {"PATH": os.environ["PATH"]})
            create_table(aws.client("dynamodb"), PRODUCTS, env["PRODUCTS_TABLE"])
            uvicorn = Uvicorn(other, logs / "uvicorn")
            with Api(env, log=logs / "api") as api, uvicorn:
                yield {OURS: api.url, UVICORN: uvicorn.url}


def _load(url: str, connections: int, seconds: float) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.load", url, str(connections), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    taken: list[float] = json.loads(done.stdout)
    return taken


def traffic(rounds: int, seconds: float) -> dict[str, Any]:
    """Return what 90 reads in 100 cost, with the stream on, and 50 readers of one cold key."""
    with FaultRig(redis_faults=False) as rig:
        products = [_stored(rig.api.url) for _ in range(_PRODUCTS)]
        return {
            "mixed": [_mixed(rig, products, seconds) for _ in range(rounds)],
            "one cold key": [_one_cold_key(rig) for _ in range(rounds)],
        }


def _mixed(rig: FaultRig, products: Sequence[str], seconds: float) -> dict[str, float]:
    """Read and write evenly among products that are cached at the start."""
    time.sleep(_STREAM_SECONDS)
    client = Client(rig.api.url)
    for each in products:
        _ok(client.send("GET", f"/products/{each}"))
    client.close()
    rig.dynamodb_proxy.take_calls()
    seen = Counter[str]()
    stop = threading.Timer(seconds, lambda: None)

    def requests(client: Client, number: int) -> None:
        choice = random.Random(number)  # noqa: S311 — no secret
        while stop.is_alive():
            path = f"/products/{choice.choice(products)}"
            if choice.random() < 0.9:
                seen[_ok(client.send("GET", path)).cache] += 1
            else:
                _ok(client.send("PUT", path, {"stock_quantity": choice.randrange(1000)}))
                seen["write"] += 1

    stop.start()
    _at_once(rig.api.url, _CLIENTS, requests)
    loads = rig.dynamodb_proxy.take_calls().get("GetItem", 0)
    reads = seen.total() - seen["write"]
    return {
        "reads": reads,
        "writes": seen["write"],
        "hit ratio": seen["HIT"] / reads,
        "misses a write": (reads - seen["HIT"]) / seen["write"],
        "DynamoDB reads a write": loads / seen["write"],
    }


def _one_cold_key(rig: FaultRig) -> dict[str, float]:
    """Have 50 readers ask for one product at once that no cache has."""
    path = f"/products/{_stored(rig.api.url, read=False)}"
    rig.dynamodb_proxy.take_calls()
    start, taken = threading.Barrier(READERS), list[float]()

    def read(client: Client, _: int) -> None:
        client.send("GET", "/products/none")  # connects, and reads nothing
        start.wait(timeout=30)
        taken.append(1000 * _ok(client.send("GET", path)).seconds)

    _at_once(rig.api.url, READERS, read)
    loads = rig.dynamodb_proxy.take_calls().get("GetItem", 0)
    return {"DynamoDB reads": loads, "median": median(taken), "slowest": max(taken)}


def _at_once(url: str, count: int, run: Callable[[Client, int], None]) -> None:
    """Run `run` in `count` threads, each with its client and its number."""
    threads = [threading.Thread(target=run, args=(Client(url), number)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _stored(url: str, *, read: bool = True) -> str:
    """Make a product, and read it, so that it is cached; return its id."""
    client = Client(url)
    product_id: str = client.send("POST", "/products", _DRAFT).json()["id"]
    if read:
        _ok(client.send("GET", f"/products/{product_id}"))
    client.close()
    return product_id


def _ok(answer: TimedResponse) -> TimedResponse:
    if answer.status != 200:
        raise RuntimeError(f"status {answer.status}")
    return answer
