"""A Lambda function as a fresh process: the real runtime client, on one CPU or on a part of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks import cpu
from benchmarks.runtime_api import RuntimeApi
from dev.deploy.tools import programs

_LOCK: Final = Path(__file__).with_name("runtime") / "requirements.lock"


class Taken(NamedTuple):
    """What an answer took, in seconds of the clock and of the processor."""

    wall: float
    cpu: float


class Function:
    """A function that runs."""

    def __init__(self, api: RuntimeApi, pid: int, started: float) -> None:
        self._api = api
        self._pid = pid
        self._started = started

    def call(self, event: bytes) -> dict[str, Any]:
        """Return the answer. Raise `FunctionFailed`."""
        return self._api.invoke(event)[0]

    def time(self, event: bytes) -> Taken:
        """Return what a warm answer took."""
        self._api.wait_ready()
        before = cpu.seconds_used(self._pid)
        _, wall, _ = self._api.invoke(event)
        self._api.wait_ready()
        return Taken(wall, cpu.seconds_used(self._pid) - before)

    def cold_start(self, event: bytes, quota_after_init: Path | None = None) -> Taken:
        """Return what the first answer took, from the start of the process on."""
        self._api.wait_ready()
        if quota_after_init:
            quota_after_init.write_text(str(self._pid))
        ended = self._api.invoke(event)[2]
        return Taken(ended - self._started, cpu.seconds_used(self._pid))


@contextmanager
def running(
    code: Path, handler: str, settings: Mapping[str, str], log: Path, quota: Path | None = None
) -> Iterator[Function]:
    """Start the function, within `quota` from the first instruction on; end it with the block."""
    command = [str(programs("lambda-runtime", _LOCK) / "python"), "-m", "awslambdaric", handler]
    api = RuntimeApi()
    env = _environment(api, code, handler, settings)
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=code, env=env, stdout=output, stderr=output)
    try:
        cpu.give_one_cpu(process.pid)
        if quota:
            quota.write_text(str(process.pid))
        yield Function(api, process.pid, started)
    finally:
        process.kill()
        process.wait()
        api.close()


def _environment(
    api: RuntimeApi, code: Path, handler: str, settings: Mapping[str, str]
) -> dict[str, str]:
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
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(code),
        "_HANDLER": handler,
    }
