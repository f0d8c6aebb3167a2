"""A guide of `docs/`, performed on a copy of the project: its diffs and its commands, in order."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.checkout import ROOT, checkout, environment

_BLOCK = re.compile(r"^```(diff|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A fenced block of the guide: `kind` is `diff` or `sh`."""

    kind: str
    text: str


def steps(guide: str) -> list[Step]:
    """Return the diffs and commands of a guide, in order."""
    return [Step(*found) for found in _BLOCK.findall((ROOT / guide).read_text("utf-8"))]


class Copy:
    """A copy of the project, with the packages of the Python that runs this, and a Git index."""

    def __init__(self, place: Path) -> None:
        self.place = checkout(place)
        _lend_environment(place / ".venv")
        self.run("git init --quiet")
        self._start = self._tree()

    def perform(self, step: Step) -> str:
        """Apply the diff, or run the commands as a shell does; return what they print."""
        if step.kind == "diff":
            return self.run("git apply --whitespace=error -", step.text)
        return self.run(f"set -e\n{step.text}")

    def run(self, command: str, given: str = "", **variables: str) -> str:
        """Run a command line in the copy; return what it prints. It must succeed."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.place,
            env=environment(**variables),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def changed_files(self) -> list[str]:
        """Return the files that differ from the project's; a file that was renamed counts once."""
        names = f"git diff --name-only --find-renames {self._start} {self._tree()}"
        return self.run(names).splitlines()

    def changed_lines(self) -> dict[str, int]:
        """Return how many lines each of these files gained and lost."""
        counts = self.run(f"git diff --numstat --no-renames {self._start} {self._tree()}")
        rows = (line.split("\t") for line in counts.splitlines())
        return {name: int(added) + int(deleted) for added, deleted, name in rows}

    def _tree(self) -> str:
        """Return the id of the present state, which needs no commit and no author."""
        return self.run("git add --all && git write-tree").strip()


def _lend_environment(venv: Path) -> None:
    """Make a `.venv` that `make` takes as installed. Links, so the real one cannot be cleared."""
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix, name))
    (venv / ".installed").touch()
