"""A Lambda function as a fresh process: the real runtime client, and the package it runs."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.runtime_api import Answer, FunctionFailed, RuntimeApi
from dev.deploy.tools import programs

LOCK: Final = Path(__file__).with_name("runtime") / "requirements.lock"


class Code(NamedTuple):
    """An unzipped package, and where in it the function is."""

    directory: Path
    handler: str


class Function:
    """A function under way."""

    def __init__(self, api: RuntimeApi, process: subprocess.Popen[bytes], started: float) -> None:
        self._api = api
        self._process = process
        self._started = started

    def invoke(self, event: bytes) -> tuple[Answer, float]:
        """Return the answer, and how long it took. Raise `FunctionFailed`."""
        return self._api.invoke(event)

    def seconds(self, event: bytes) -> float:
        """Return how long the answer took. Raise `FunctionFailed` where it is no good one."""
        answer, seconds = self.invoke(event)
        answer.json()
        return seconds

    def cold_start(self, event: bytes) -> tuple[Answer, float]:
        """Return the first answer, and the time from the process' start to it."""
        answer, _ = self.invoke(event)
        return answer, answer.at - self._started

    def peak_memory(self) -> int:
        """Return the most memory that the process has had, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        if peak is None:
            raise FunctionFailed("It has ended")
        return int(peak[1]) * 1024


@contextmanager
def running(code: Code, settings: Mapping[str, str], log: Path) -> Iterator[Function]:
    """Start the function, and end it with the block. What it writes goes to `log`."""
    command = [str(programs("lambda-runtime", LOCK) / "python"), "-m", "awslambdaric"]
    with RuntimeApi() as api, log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, code.handler],
            cwd=code.directory,
            env=_environment(api, code, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield Function(api, process, started)
        finally:
            process.kill()
            process.wait()


def _environment(api: RuntimeApi, code: Code, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what Lambda sets. As there, the code's directory takes no byte code."""
    return {
        **settings,
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(code.directory),
        "_HANDLER": code.handler,
    }
