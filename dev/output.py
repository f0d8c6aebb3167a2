"""
Standard output for several processes: lines stay whole, and nobody waits for them or their reader.

A thread of its own writes what has gathered, so a request does not pay for its line's way out, and
goes on where nobody reads: then lines are left out, and it is told how many.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import threading
import time
from collections import deque
from io import TextIOBase
from typing import Final, Self

_GATHER_SECONDS: Final = 0.02
_MOST_WAITING: Final = 10_000
_END_SECONDS: Final = 1.0


class Output(TextIOBase):
    """
    A text stream to be made once, before the processes are forked, and started in each.

    What is written at once is kept together. A pipe does so by itself for 4 KiB (macOS: 512
    bytes), and a traceback is longer; so there is a lock, of the kind that a death releases.
    """

    def __init__(self, output: int = 1, most_waiting: int = _MOST_WAITING) -> None:
        self._output = output
        self._most = most_waiting
        self._waiting: deque[str] = deque()
        self._left_out = 0
        self._wanted = threading.Event()
        self._lock = tempfile.TemporaryFile()  # noqa: SIM115 — for as long as the process

    def start(self) -> None:
        """Begin to write, in this process."""
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def write(self, text: str) -> int:
        """Have it written soon, if there is room."""
        if len(self._waiting) < self._most:
            self._waiting.append(text)
        else:
            self._left_out += 1
        if not self._wanted.is_set():
            self._wanted.set()
        return len(text)

    def finish(self) -> None:
        """Return when all is written, or when that takes long."""
        deadline = time.monotonic() + _END_SECONDS
        while self._waiting and time.monotonic() < deadline:
            time.sleep(_GATHER_SECONDS)

    def _run(self) -> None:
        try:
            while True:
                self._wanted.wait()
                time.sleep(_GATHER_SECONDS)
                self._wanted.clear()
                self._write_waiting()
        except OSError:
            self._most = 0  # the reader has gone
            self._waiting.clear()

    def _write_waiting(self) -> None:
        number = len(self._waiting)
        self._write("".join(self._waiting[each] for each in range(number)))
        for _ in range(number):
            self._waiting.popleft()
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            self._write(f"… {left_out} lines left out here: nobody has read them\n")

    def _write(self, text: str) -> None:
        """Write it all, before another process writes."""
        rest = text.encode(errors="backslashreplace")
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            while rest:
                rest = rest[os.write(self._output, rest) :]
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)


class Log(logging.StreamHandler[Output]):
    """
    Writes facts to an output; those of a block of `with log:` when it ends, in its thread.

    A block holds a request and its answer's way out, so the client does not wait for the words.
    """

    def __init__(self, output: Output) -> None:
        super().__init__(output)
        self._here = threading.local()

    def __enter__(self) -> Self:
        """Begin to put off."""
        self._here.facts = []
        return self

    def __exit__(self, *_: object) -> None:
        """Write what was put off."""
        facts, self._here.facts = self._here.facts, None
        for fact in facts:
            super().emit(fact)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a fact, now or soon."""
        facts = getattr(self._here, "facts", None)
        if facts is None:
            super().emit(record)
        else:
            facts.append(record)
