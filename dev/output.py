"""Standard output for several processes: what is written at once stays in one piece."""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from io import TextIOBase


class WholeLines(TextIOBase):
    """
    A text stream to share with the processes that are forked later.

    A pipe keeps 4 KiB together by itself (macOS: 512 bytes), and a traceback is longer. The lock
    is the kind that its holder's death releases.
    """

    def __init__(self, output: int = 1) -> None:
        self._output = output
        self._processes = tempfile.TemporaryFile()  # noqa: SIM115 — for as long as the process
        self._threads = threading.Lock()

    def write(self, text: str) -> int:
        """Write it all, before anybody else writes."""
        rest = text.encode(errors="backslashreplace")
        with self._threads:
            fcntl.lockf(self._processes, fcntl.LOCK_EX)
            try:
                while rest:
                    rest = rest[os.write(self._output, rest) :]
            finally:
                fcntl.lockf(self._processes, fcntl.LOCK_UN)
        return len(text)
