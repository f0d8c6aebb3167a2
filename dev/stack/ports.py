"""Reads ports from variables, and checks that they are free. Suggests a free port if not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.settings import SettingsError
from dev.server import listeners
from dev.stack.programs import StartFailed, free_port

_NEAR: Final = 20


def named(env: Mapping[str, str], variable: str) -> int | None:
    """Return the port that `variable` names, if any. Raise `SettingsError`."""
    text = env.get(variable, "")
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise SettingsError(
            f"Invalid settings:\n  {variable} must be a whole number from 1 to 65535"
        )
    return int(text)


def refuse_busy(host: str, port: int, variable: str, command: str = "make run") -> None:
    """Raise `StartFailed` if the port cannot be used, with a command that uses a free port."""
    if reason := reason_unusable(host, port):
        near = range(port + 1, min(port + _NEAR, 65536))
        free = next((each for each in near if not reason_unusable(host, each)), None) or free_port()
        raise StartFailed(
            f"Cannot listen on {host}:{port}: {reason}. "
            f"Stop the program on that port, or use another one: {variable}={free} {command}"
        )


def reason_unusable(host: str, port: int) -> str | None:
    """Return why the port cannot be used, or `None`."""
    try:
        listeners.close(listeners.listen(host, port))
    except listeners.ListenFailed as failure:
        return str(failure)
    return None
