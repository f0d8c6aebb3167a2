"""A copy of the project, as a fresh clone has it, and its commands as a user's shell runs them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
_MADE = shutil.ignore_patterns(".git", ".venv", ".local", ".*_cache", "__pycache__", "deployed")


def checkout(place: Path) -> Path:
    """Copy the project to `place`, without what its commands made."""
    return Path(shutil.copytree(ROOT, place, ignore=_MADE))


def environment(**variables: str) -> dict[str, str]:
    """Return what a shell has: no variable of a `make` or a stack around these tests."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if name in kept or name.startswith("PIP_")
        },
        **variables,
    }
