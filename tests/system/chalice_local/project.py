"""A copy of the project on its own ports: `make services`, and `chalice local`."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.running_stack import RunningStack, StackClient, StackFiles, eventually, own_port

ROOT = Path(__file__).parents[3]
EMPTY = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
"""The environment of `env -i PATH=… HOME=…`."""
CHALICE = str(Path(sys.executable).with_name("chalice"))


def copy_project(place: Path, **addresses: str) -> Path:
    """Copy the files of `chalice local`. `addresses` replace those of the stage `local`."""
    for name in ("chalicelib", "infra", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployed")
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    shutil.copy(ROOT / "app.py", place)
    path = place / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["local"]["environment_variables"] |= addresses
    path.write_text(json.dumps(config))
    return place


def chalice(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a Chalice command until it ends."""
    return subprocess.run(
        [CHALICE, *words],
        cwd=place,
        env=EMPTY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def services(place: Path) -> Iterator[StackFiles]:
    """Run `make services` in a copy of the project on its own ports."""
    ports = {"REDIS_PORT": own_port(), "AWS_PORT": own_port()}
    url = f"http://127.0.0.1:{ports['AWS_PORT']}"
    patient = {"REDIS_TIMEOUT_SECONDS": "1.0"}  # avoids bypasses on a slow machine
    copy_project(place, REDIS_PORT=str(ports["REDIS_PORT"]), AWS_ENDPOINT_URL=url, **patient)
    named = {name: str(port) for name, port in ports.items()}
    running = RunningStack(place, module="dev.stack.services", **named)
    try:
        yield running.ready()
    finally:
        if running.process.poll() is None:
            running.end()


@contextmanager
def served(place: Path, env: Mapping[str, str]) -> Iterator[StackClient]:
    """Run `chalice local --stage local` with only the variables of `env`."""
    client = StackClient(own_port())
    command = [CHALICE, "local", "--stage", "local", "--port", str(client.port)]
    with (place / "chalice.txt").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-autoreload"], cwd=place, env=dict(env), stdout=log, stderr=log
        )
    try:
        eventually(lambda: process.poll() is not None or _answers(client), seconds=60)
        assert process.poll() is None, (place / "chalice.txt").read_text()
        yield client
    finally:
        process.terminate()
        process.wait(30)


def _answers(client: StackClient) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return client.request("GET", "/health").status == 200
    return False
