"""
What metrics cost a hit: `python -m benchmarks.telemetry [--rounds 200]`.

A hit goes through the Lambda's entry as API Gateway sends it, over a real Valkey, in one process:
in rounds, turn about with metrics and without, so that whatever else the machine does falls on
both. Lines go to a pipe that another process empties, as they do on Lambda.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, Final

import click

from chalicelib import bootstrap, telemetry
from chalicelib.products.cache import CODEC
from chalicelib.resources.representation import Representation
from chalicelib.settings import Settings
from dev.stack.servers import Valkey

HITS: Final = 200
"""In a round."""
_ID: Final = "550e8400-e29b-41d4-a716-446655440000"
_EVENT: Final[dict[str, Any]] = {
    "requestContext": {
        "resourcePath": "/products/{product_id}",
        "httpMethod": "GET",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "path": f"/api/products/{_ID}",
    },
    "pathParameters": {"product_id": _ID},
    "multiValueQueryStringParameters": None,
    "headers": {"accept": "*/*", "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793"},
    "body": None,
    "stageVariables": None,
}
_VARIANTS: Final[dict[str, dict[str, str]]] = {
    "without metrics": {"METRICS": "false"},
    "with metrics": {},
    "with metrics, one hit in 100 written": {"LOG_HITS": "0.01"},
    "no line at all": {"METRICS": "false", "LOG_LEVEL": "ERROR"},
}


@click.command()
@click.option("--rounds", default=200, show_default=True)
def main(rounds: int) -> None:
    """Measure, and print a line per variant: µs per hit, and the ratio to the first."""
    with tempfile.TemporaryDirectory() as place, Valkey(log=Path(place) / "log") as valkey:
        environment = {"REDIS_HOST": valkey.host, "REDIS_PORT": str(valkey.port)}
        times = measured(environment, rounds)
    base = times["without metrics"]
    for name, each in times.items():
        ratios = [one / other for one, other in zip(each, base, strict=True)]
        click.echo(f"{statistics.median(each):7.1f} µs  {statistics.median(ratios):.3f}  {name}")


def measured(environment: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Return the µs a hit of each variant, one figure a round."""
    base = {"PRODUCTS_TABLE": "products", "AWS_REGION": "eu-central-1", **environment}
    quiet = {"METRICS": "false", "LOG_LEVEL": "ERROR"}
    bootstrap.use(bootstrap.Container(Settings.from_env(base | quiet)))
    call = _entry()
    times: dict[str, list[float]] = {name: [] for name in _VARIANTS}
    names = list(_VARIANTS)
    with _emptied_pipe() as pipe, redirect_stdout(pipe):
        for number in range(rounds):
            for name in names if number % 2 else reversed(names):
                telemetry.configure(Settings.from_env(base | _VARIANTS[name]))
                times[name].append(_round(call))
    return times


@contextmanager
def _emptied_pipe() -> Iterator[IO[str]]:
    """Give a pipe whose other end is another process's."""
    outlet, inlet = os.pipe()
    with subprocess.Popen(["/bin/cat"], stdin=outlet, stdout=subprocess.DEVNULL):
        os.close(outlet)
        with os.fdopen(inlet, "w") as pipe:
            yield pipe


def _entry() -> Callable[[], Any]:
    """Return what answers one hit."""
    from app import app

    body = f'{{"id": "{_ID}", "name": "{"Mouse" * 60}"}}'
    item = Representation(1, "Sun, 22 Nov 2026 12:00:00 GMT", body)
    entry = b"V" + CODEC.encode(item)
    bootstrap.container().redis.add(CODEC.key(_ID), entry, ttl_ms=3_600_000)
    context = SimpleNamespace(aws_request_id="lambda-1")
    answer = app(_EVENT, context)
    if answer["headers"]["X-Cache"] != "HIT":
        sys.exit("no hit")
    return lambda: app(_EVENT, context)


def _round(call: Callable[[], Any]) -> float:
    call()  # the first after a change of settings
    started = time.perf_counter()
    for _ in range(HITS):
        call()
    return (time.perf_counter() - started) / HITS * 1e6


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.telemetry")
