"""Keeps servers running until this process is told to end. Knows no server."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from chalicelib.settings import SettingsError
from dev.stack.programs import Server, StartFailed

_LOOK_SECONDS: Final = 0.2
_REVIVE_SECONDS: Final = 0.5
"""One that dies at once is not started in a frenzy."""
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ended = threading.Event()


def until_told(run: Callable[[], NoReturn]) -> int:
    """Run until a signal or a failure ends it, which is told in a sentence; return the status."""
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        run()
    except KeyboardInterrupt:
        return 0
    except (SettingsError, StartFailed) as failure:
        print(failure, file=sys.stderr)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"Cannot start: {error.strerror or error}{where}", file=sys.stderr)
    return 1


def keep(
    servers: Sequence[Server], look: Callable[[], object], revive: Callable[[Server], object]
) -> NoReturn:
    """Call `look` often, and `revive` for each server that has died. Raise what they raise."""
    while not _ended.wait(_LOOK_SECONDS):
        look()
        for server in servers:
            if not server.is_alive:
                revive(server)
                time.sleep(_REVIVE_SECONDS)
    raise KeyboardInterrupt


def _end(_number: int, _frame: object) -> NoReturn:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    _ended.set()
    raise KeyboardInterrupt
