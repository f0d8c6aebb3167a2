"""What several processes write to one standard output."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from dev.output import Output
from tests.running_stack import eventually

ROOT = Path(__file__).parent.parent.parent
WRITE = """
import os
from dev.output import Output

stream = Output()
parent = os.fork()
stream.start()
letter = "a" if parent else "b"
for length in range(1, 60):
    stream.write(letter * length * 1000 + "\\n")
stream.finish()
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


def test_who_writes_does_not_wait_for_a_reader() -> None:
    """A pipe that nobody reads fills up; lines are left out then, and the reader is told."""
    outlet, inlet = os.pipe()
    stream = Output(inlet, most_waiting=100)
    stream.start()
    line = "x" * 999 + "\n"

    for _ in range(1000):
        stream.write(line)

    read = [b""]
    threading.Thread(target=_read, args=(outlet, read), daemon=True).start()
    eventually(lambda: "left out here" in read[0].decode(errors="replace"))
    assert read[0].startswith(line.encode())


def test_a_reader_that_has_gone_is_no_error() -> None:
    """There is nobody to tell."""
    outlet, inlet = os.pipe()
    os.close(outlet)
    stream = Output(inlet)
    stream.start()

    stream.write("lost\n")
    stream.finish()
    time.sleep(0.02)

    assert 1 == stream.write("\n")


def _read(outlet: int, into: list[bytes]) -> None:
    while part := os.read(outlet, 65536):
        into[0] += part
