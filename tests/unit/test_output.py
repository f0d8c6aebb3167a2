"""What several processes write to one standard output."""

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from dev.output import Log, Output
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


def test_facts_of_a_block_are_worded_at_its_end() -> None:
    """In their order, also after an error; those of other threads are not held up."""
    outlet, inlet = os.pipe()
    output = Output(inlet)
    log = Log(output)
    written = output._waiting

    with suppress(ZeroDivisionError), log:
        log.handle(_fact("one"))
        log.handle(_fact("two"))
        beside = threading.Thread(target=log.handle, args=[_fact("beside")])
        beside.start()
        beside.join()
        assert ["beside\n"] == list(written)
        raise ZeroDivisionError
    assert ["beside\n", "one\n", "two\n"] == list(written)

    log.handle(_fact("after"))
    assert "after\n" == written[-1]
    os.close(outlet)
    os.close(inlet)


def _fact(text: str) -> logging.LogRecord:
    return logging.LogRecord("catalog", logging.INFO, "", 0, text, None, None)


def _read(outlet: int, into: list[bytes]) -> None:
    while part := os.read(outlet, 65536):
        into[0] += part
