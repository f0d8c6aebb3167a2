"""Ctrl-C at a moment that leaves nothing in doubt. Knows signals, and not what it protects."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def put_off() -> Iterator[None]:
    """Raise `KeyboardInterrupt` for a signal once the block is through; for a second, at once."""
    came: list[int] = []

    def note(signum: int, _: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(signum)

    before = {signum: signal.signal(signum, note) for signum in _SIGNALS}
    try:
        yield
    finally:
        for signum, reaction in before.items():
            signal.signal(signum, reaction)
    if came:
        raise KeyboardInterrupt
