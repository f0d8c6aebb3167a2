"""How much of the processor a function has: one CPU, or the 0.29 of one that 512 MB have."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PERIOD_MICROSECONDS: Final = 20_000
SHARE: Final = 512 / 1769
"""Lambda gives a whole CPU at 1,769 MB, and less memory its part of one."""
_QUOTA: Final = round(PERIOD_MICROSECONDS * SHARE)
_LIMITS: Final = {
    Path("/sys/fs/cgroup/cpu"): {  # version 1
        "cpu.cfs_period_us": str(PERIOD_MICROSECONDS),
        "cpu.cfs_quota_us": str(_QUOTA),
    },
    Path("/sys/fs/cgroup"): {"cpu.max": f"{_QUOTA} {PERIOD_MICROSECONDS}"},  # version 2
}
_IS_LINUX: Final = sys.platform == "linux"
_CPUS: Final = sorted(os.sched_getaffinity(0)) if _IS_LINUX else [0]


@contextmanager
def kept_for_functions() -> Iterator[None]:
    """Leave the last CPU to functions: this process and those that it starts use the others."""
    _pin(0, _CPUS[:-1] or _CPUS)
    try:
        yield
    finally:
        _pin(0, _CPUS)


def give_one_cpu(function: int) -> None:
    """Put a function on the last CPU."""
    _pin(function, _CPUS[-1:])


def _pin(pid: int, cpus: Sequence[int]) -> None:
    if _IS_LINUX:
        os.sched_setaffinity(pid, cpus)


def seconds_used(pid: int) -> float:
    """Return the processor time of a process, ended threads included; zero if not on Linux."""
    # The clock's id by the process' id: clock_getcpuclockid(3), which Python does not have.
    return time.clock_gettime((~pid << 3) | 2) if _IS_LINUX else 0.0


@contextmanager
def quota() -> Iterator[Path | None]:
    """Make a control group with the share; give its `cgroup.procs`, or None without the right."""
    group = _make()
    try:
        yield group and group / "cgroup.procs"
    finally:
        if group:
            group.rmdir()


def _make() -> Path | None:
    for root, limits in _LIMITS.items():
        group = root / f"bench-{os.getpid()}"
        with suppress(OSError):
            group.mkdir()
            with suppress(OSError):
                (group / "cgroup.procs").read_text()
                for name, value in limits.items():
                    (group / name).write_text(value)
                return group
            group.rmdir()
    return None
