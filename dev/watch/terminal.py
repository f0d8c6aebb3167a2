"""
Writes the log to the terminal without waiting for it. Lines are dropped and counted when a slow or
paused terminal accepts no more.
"""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress
from typing import Final, Self

_CAPACITY: Final = 500
"""The most texts that wait. The log writes at most 50 a second for each server."""
_END_SECONDS: Final = 1.0


class Terminal:
    """Writes to a file descriptor in its own thread."""

    def __init__(self, output: int, capacity: int = _CAPACITY) -> None:
        self._output = output
        self._texts: queue.Queue[str | None] = queue.Queue(capacity)
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait up to a second until all texts are written."""
        with suppress(queue.Full):
            self._texts.put(None, timeout=_END_SECONDS)
        self._thread.join(_END_SECONDS)

    def write(self, text: str) -> None:
        """Write whole lines soon, or drop them if too many are waiting."""
        try:
            self._texts.put_nowait(text)
        except queue.Full:
            self._dropped += text.count("\n")

    def _run(self) -> None:
        with suppress(OSError):  # the terminal was closed
            for text in iter(self._texts.get, None):
                self._write(text)
                if dropped := self._dropped:
                    self._dropped -= dropped
                    self._write(f"… {dropped} lines dropped: the terminal was too slow\n")

    def _write(self, text: str) -> None:
        rest = text.encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(self._output, rest) :]
