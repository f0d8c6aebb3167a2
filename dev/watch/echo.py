"""
Writes to the terminal and never waits for it: a slow one misses lines, and is told how many.

A thread of its own writes; whoever says something goes on at once.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final, Self

_MOST_WAITING: Final = 20_000
"""Lines; about 3 MB, and some seconds of the busiest load."""
_END_SECONDS: Final = 1.0


class Echo:
    """Lines for one file descriptor. One that is closed at its other end is left alone."""

    def __init__(self, output: int, most_waiting: int = _MOST_WAITING) -> None:
        self._output = output
        self._most = most_waiting
        self._waiting: deque[str] = deque()
        self._left_out = 0
        self._changed = threading.Condition()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="echo", daemon=True)

    def say(self, lines: Sequence[str]) -> None:
        """Have the lines written, as far as there is room."""
        with self._changed:
            room = max(0, self._most - len(self._waiting))
            self._waiting.extend(lines[:room])
            self._left_out += len(lines[room:])
            self._changed.notify()

    def __enter__(self) -> Self:
        """Begin to write."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits, unless that takes long."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        try:
            while lines := self._next():
                _write(self._output, "".join(f"{line}\n" for line in lines).encode())
        except OSError:
            self._most = 0  # nobody reads it any more

    def _next(self) -> list[str]:
        """Return what waits, once there is any; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending)
            lines = list(self._waiting)
            self._waiting.clear()
            if self._left_out:
                lines.append(f"… {self._left_out} lines left out here: the terminal is slow")
            self._left_out = 0
            return lines


def _write(output: int, text: bytes) -> None:
    while text:
        text = text[os.write(output, text) :]
