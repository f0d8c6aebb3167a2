"""Waits for what AWS does by itself, and gives up in the end."""

from __future__ import annotations

import time
from collections.abc import Callable

from dev.deploy.failure import DeployFailed


def wait_until(
    is_done: Callable[[], bool], failure: str, *, seconds: float, poll_seconds: float
) -> None:
    """Return once `is_done()` is true. Raise `DeployFailed` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise DeployFailed(f"{failure}, after {seconds:.0f} s")
        time.sleep(poll_seconds)
