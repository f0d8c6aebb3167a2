"""`.local/stack.json`: where the running stack is, for tools and fault tests. One stack a place."""

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
    """The file, and the lock on its directory while the stack is there."""

    def __init__(self, local: Path, facts: Callable[[], dict[str, Any]]) -> None:
        self._path = local / "stack.json"
        self._facts = facts
        self._lock = -1

    def __enter__(self) -> Self:
        """Take the place. Raise `StartFailed` where another stack has it, or nobody can write."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise StartFailed(_unwritable(self._path.parent, error)) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StartFailed(f"A stack runs here already, see {self._path}; stop it") from None
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, and the directory if nothing else is there; give the place free."""
        with suppress(OSError):  # on a read-only disk there is none
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
        os.close(self._lock)

    def write(self) -> None:
        """Tell what is so now. A reader sees the old text or the new one, never half of it."""
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps({"pid": os.getpid(), **self._facts()}, indent=2) + "\n")
        draft.replace(self._path)


def _unwritable(place: Path, error: OSError) -> str:
    return f"Cannot write to {place}: {error.strerror}. The stack keeps its state and logs there"
