"""Several processes that do the same work and end together. Knows nothing of the work."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from typing import NoReturn


def run(work: Callable[[], None], number: int, before_end: Callable[[], None]) -> str:
    """
    Do `work`, which is to have no end, in `number` processes; return what ended one of them.

    The others end when this process does, in whatever way: they hold a pipe whose other end then
    closes. They do what is to be done `before_end`. To be called before this process has threads.
    """
    theirs, ours = os.pipe()
    for _ in range(number):
        if os.fork() == 0:
            os.close(ours)
            _work(work, theirs, before_end)
    pid, status = os.wait()
    return f"Worker {pid} has ended with status {os.waitstatus_to_exitcode(status)}"


def _work(work: Callable[[], None], parent: int, before_end: Callable[[], None]) -> NoReturn:
    threading.Thread(target=_end_with, args=(parent, before_end), daemon=True).start()
    try:
        work()
    except BaseException:  # noqa: BLE001 — a fork must not return into its parent's code
        traceback.print_exc()
    os._exit(1)


def _end_with(parent: int, before_end: Callable[[], None]) -> NoReturn:
    os.read(parent, 1)
    before_end()
    os._exit(0)
