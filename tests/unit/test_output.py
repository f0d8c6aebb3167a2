"""What several processes write to one standard output."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WRITE = """
import os
from dev.output import WholeLines

stream = WholeLines()
parent = os.fork()
letter = "a" if parent else "b"
for length in range(1, 60):
    stream.write(letter * length * 1000 + "\\n")
if parent:
    os.wait()
"""


def test_lines_of_two_processes_are_whole() -> None:
    """Also those that are longer than what a pipe keeps together."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE], cwd=ROOT, capture_output=True, check=True, text=True
    )

    lines = done.stdout.splitlines()
    assert 2 * 59 == len(lines)
    assert all(1 == len(set(line)) for line in lines)
