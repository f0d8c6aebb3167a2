"""
Programs with requirements that do not go with ours: each set has a lock, and an environment.

Made when first needed, under `.local`, by the Python that runs this.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from dev.deploy.failure import DeployFailed

_HERE = Path(__file__).parent
_LOCAL = _HERE.parents[2] / ".local"


def programs(name: str, lock: Path | None = None, local: Path = _LOCAL) -> Path:
    """Return the directory of an environment's programs, by our lock. Raise `DeployFailed`."""
    lock = lock or _HERE / f"{name}.lock"
    digest = hashlib.sha256(f"{sys.version} {lock.read_text()}".encode()).hexdigest()
    place = local / f"{name}-{digest[:16]}"
    ready = place / ".ready"
    if not ready.exists():
        _make(place, lock)
        ready.touch()
    return place / "bin"


def _make(place: Path, lock: Path) -> None:
    print(f"Installing {place.name} into {place.parent} (first time only) …", file=sys.stderr)
    _run(sys.executable, "-m", "venv", "--clear", str(place))
    pip = (str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
    _run(*pip, "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", str(lock))
    _run(*pip, "check")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeployFailed(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr).strip()}")
