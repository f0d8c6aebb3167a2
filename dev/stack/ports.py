"""Ports to listen on: which one a variable names, whether it is free, what to type if it is not."""

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
    """Raise `StartFailed` where nobody can listen, with what to type: a port where one can."""
    if trouble := trouble_on(host, port):
        near = range(port + 1, min(port + _NEAR, 65536))
        free = next((each for each in near if not trouble_on(host, each)), None) or free_port()
        raise StartFailed(
            f"Cannot listen on {host}:{port}: {trouble}. "
            f"Stop what does, or take another port: {variable}={free} {command}"
        )


def trouble_on(host: str, port: int) -> str | None:
    """Return why nobody can listen there, or None."""
    try:
        listeners.close(listeners.listen(host, port))
    except listeners.ListenFailed as failure:
        return str(failure)
    return None
