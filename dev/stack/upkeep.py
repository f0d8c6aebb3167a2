"""Keeps servers running until this process receives a signal."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from chalicelib.settings import SettingsError
from dev.stack.programs import Server, StartFailed

_CHECK_SECONDS: Final = 0.2
_RESTART_SECONDS: Final = 0.5
"""The pause after a restart, for a server that dies immediately."""
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ended = threading.Event()


def until_stopped(run: Callable[[], NoReturn]) -> int:
    """Run until a signal or an error, which is printed; return the exit status."""
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
    servers: Sequence[Server], check: Callable[[], object], restart: Callable[[Server], object]
) -> NoReturn:
    """Call `check` repeatedly, and `restart` for each server that died. Raise their errors."""
    while not _ended.wait(_CHECK_SECONDS):
        check()
        for server in servers:
            if not server.is_alive:
                restart(server)
                time.sleep(_RESTART_SECONDS)
    raise KeyboardInterrupt


def _end(_number: int, _frame: object) -> NoReturn:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    _ended.set()
    raise KeyboardInterrupt
