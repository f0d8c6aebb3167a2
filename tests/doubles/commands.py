"""Runs the import and export commands as separate processes, and writes their input files."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.stack.servers import Emulator
from tests.doubles.recording import RecordingRedis, RecordingTable
from tests.examples import ENVIRONMENT

PATIENCE_SECONDS = 60
IN_BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""Starts a program with SIGINT ignored, like `&` in a script."""
_ROOT = Path(__file__).parents[2]


class Transfer:
    """Runs `python -m dev.transfer` in a directory without a stack file."""

    def __init__(
        self, folder: Path, emulator: Emulator, table: RecordingTable, redis: RecordingRedis
    ) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            **ENVIRONMENT,
            "PRODUCTS_TABLE": table.name,
            "AWS_ENDPOINT_URL": emulator.url,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(redis.connection_pool.connection_kwargs["port"]),
        }

    def run(
        self, *words: str, stdin: str = "", **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command until it ends. `variables` override the environment."""
        return subprocess.run(
            self._command(words),
            env=self.env | variables,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *words: str, by: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        """Start the command by another program, with pipes for all its streams."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*by, *self._command(words)],
            env=self.env,
            cwd=self.folder,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )

    def write(self, rows: Sequence[Any], name: str = "a.ndjson") -> str:
        """Write a JSON line for each row; return the file's name."""
        (self.folder / name).write_text(as_lines(rows), "utf-8")
        return name

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "dev.transfer", *words]


def as_lines(rows: Sequence[Any]) -> str:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
