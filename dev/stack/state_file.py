"""`.local/stack.json`: the addresses of the running stack. One stack per directory."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from dev.stack.programs import StartFailed


class StackFile:
    """The file, and a lock on its directory while the stack runs."""

    def __init__(self, local: Path, facts: Callable[[], dict[str, Any]]) -> None:
        self._path = local / "stack.json"
        self._facts = facts
        self._lock = -1

    def __enter__(self) -> Self:
        """Lock the directory. Raise `StartFailed` if it is locked or not writable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise StartFailed(_not_writable(self._path.parent, error)) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StartFailed(
                f"A stack already runs here, see {self._path}; stop it first"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, and the directory if it is empty. Release the lock."""
        with suppress(OSError):  # on a read-only disk there is no file
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
        os.close(self._lock)

    def write(self) -> None:
        """Write the current addresses. The replacement is atomic for readers."""
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps({"pid": os.getpid(), **self._facts()}, indent=2) + "\n")
        draft.replace(self._path)


def _not_writable(directory: Path, error: OSError) -> str:
    return (
        f"Cannot write to {directory}: {error.strerror}. The stack keeps its state and logs there"
    )
