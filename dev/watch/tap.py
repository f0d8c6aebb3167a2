"""
Reads what the servers write: a pipe, and a thread that takes whole lines out of it.

Knows nothing of what the lines say. A server that writes is held up only while the pipe is full.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

_CHUNK_BYTES: Final = 1 << 16
_GATHER_SECONDS: Final = 0.005
"""Under load a line comes every 0.2 ms: to wake up for each would take a tenth of a core."""
_END_SECONDS: Final = 2.0


class Tap:
    """`inlet` is the descriptor to write to. `take` gets lines without their ends, in order."""

    def __init__(self, take: Callable[[Sequence[bytes]], None]) -> None:
        self._take = take
        self._outlet, self.inlet = os.pipe()
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)

    def __enter__(self) -> Self:
        """Begin to read."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read what is left; the writers are to have ended by now."""
        os.close(self.inlet)
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        begun = b""
        while chunk := os.read(self._outlet, _CHUNK_BYTES):
            *lines, begun = (begun + chunk).split(b"\n")
            self._take(lines)
            time.sleep(_GATHER_SECONDS)
        os.close(self._outlet)
        self._take([begun] if begun else [])
