"""Copies the project like a fresh clone, and runs its commands in a clean shell environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
_GENERATED = shutil.ignore_patterns(
    ".git", ".venv", ".local", ".*_cache", "__pycache__", "deployed"
)


def checkout(place: Path) -> Path:
    """Copy the project to `place`, without generated files."""
    return Path(shutil.copytree(ROOT, place, ignore=_GENERATED))


def environment(**variables: str) -> dict[str, str]:
    """Return a shell's environment, without variables of a surrounding `make` or stack."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if name in kept or name.startswith("PIP_")
        },
        **variables,
    }
