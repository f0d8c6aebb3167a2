"""
Reads what the servers write: a pipe, and a thread that takes whole lines out of it.

Knows nothing of the lines' content. A server that finds the pipe full waits.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Self

_PIPE_BYTES: Final = 1 << 20
"""1,800 lines: the 64 KiB that a pipe has by itself are full after 20 ms of the busiest load."""
_GATHER_SECONDS: Final = 0.02
"""Under load a line comes every 0.2 ms: to wake up for each would take a tenth of a core."""
_END_SECONDS: Final = 2.0


class LogReader:
    """`inlet` is the descriptor to write to. `take` gets lines without their ends, in order."""

    def __init__(self, take: Callable[[Sequence[bytes]], None]) -> None:
        self._take = take
        self._outlet, self.inlet = _pipe()
        self._thread = threading.Thread(target=self._run, name="log reader", daemon=True)

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
        while chunk := os.read(self._outlet, _PIPE_BYTES):
            *lines, begun = (begun + chunk).split(b"\n")
            self._pass_on(lines)
            time.sleep(_GATHER_SECONDS)
        os.close(self._outlet)
        self._pass_on([begun] if begun else [])

    def _pass_on(self, lines: Sequence[bytes]) -> None:
        try:
            self._take(lines)
        except Exception:  # noqa: BLE001 — whatever it is, the pipe must not fill up
            traceback.print_exc()


def _pipe() -> tuple[int, int]:
    """Return both ends, outlet first, of a pipe as large as may be."""
    outlet, inlet = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):  # a user may have had his share of large ones
            fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return outlet, inlet
