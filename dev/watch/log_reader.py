"""
Reads complete lines from a pipe in a thread. Does not parse them.

A server that writes to a full pipe waits.
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
"""1,800 lines. The default of 64 KiB is full after 20 ms at the highest load."""
_GATHER_SECONDS: Final = 0.02
"""Under load a line arrives every 0.2 ms. Reading each one at once takes a tenth of a core."""
_END_SECONDS: Final = 2.0


class LogReader:
    """`inlet` is the descriptor to write to. `take` receives lines in order, without line ends."""

    def __init__(self, take: Callable[[Sequence[bytes]], None]) -> None:
        self._take = take
        self._outlet, self.inlet = _pipe()
        self._thread = threading.Thread(target=self._run, name="log reader", daemon=True)

    def __enter__(self) -> Self:
        """Start to read."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read the remaining lines. The writers must have ended."""
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
        except Exception:  # noqa: BLE001 — after any error the pipe must not fill up
            traceback.print_exc()


def _pipe() -> tuple[int, int]:
    """Return the outlet and the inlet of a pipe of up to `_PIPE_BYTES`."""
    outlet, inlet = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):  # a user's quota of large pipes may be used up
            fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return outlet, inlet
