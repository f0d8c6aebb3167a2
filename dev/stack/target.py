"""
Chooses the catalog for a command: the local stack if one runs, else that of the environment.

Reads `.local/stack.json` and the environment. Sends no requests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from chalicelib.resources import RESOURCES
from chalicelib.settings import Settings
from dev.stack import environment

STATE: Final = Path(".local/stack.json")
"""Relative to the project directory, where make runs its commands."""
CREDENTIALS: Final = "aws-credentials"
"""The file in the same directory with the keys of the stack's emulator."""


def settings(env: MutableMapping[str, str], state: Path = STATE) -> Settings:
    """
    Return the settings of the catalog. Raise `SettingsError`.

    For a local stack, also set its keys in `env` and exclude it from proxies, because boto3 reads
    them there.
    """
    stack = running(state)
    if stack is None:
        return Settings.from_env(env)
    if stack["aws"].get("pid"):
        _use_emulator(env, state.with_name(CREDENTIALS))
    else:
        env.update(environment.default_test_keys(env))
    env.update(environment.without_proxies(env))
    return Settings.from_env(_stack_environment(stack, env))


def running(state: Path = STATE) -> dict[str, Any] | None:
    """Return the content of `state` if its stack runs."""
    try:
        stack: dict[str, Any] = json.loads(state.read_text())
        alive = _is_alive(stack["pid"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # missing, incomplete, or not written by a stack
    return stack if alive else None


def _use_emulator(env: MutableMapping[str, str], credentials: Path) -> None:
    """Replace all AWS variables in `env` by those of the stack's emulator."""
    for name in [name for name in env if name.startswith(environment.AWS_PREFIX)]:
        del env[name]
    env["AWS_REGION"] = environment.REGION
    env["AWS_CONFIG_FILE"] = os.devnull
    env["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials.absolute())


def _stack_environment(stack: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` with the stack's addresses, without the variables of another Redis."""
    redis = stack["redis"]
    excluded = environment.REDIS_VARIABLES if redis.get("pid") else ()
    return {
        "AWS_REGION": env.get("AWS_DEFAULT_REGION") or environment.REGION,
        **{name: value for name, value in env.items() if value and name not in excluded},
        "AWS_ENDPOINT_URL": stack["aws"]["url"],
        "CACHE_ENABLED": "true" if redis["host"] else "false",
        **{each.table_variable: stack["tables"][each.name] for each in RESOURCES},
        "REDIS_HOST": redis["host"],
        "REDIS_PORT": str(redis["port"]),
    }


def _is_alive(pid: int) -> bool:
    """Return whether a process has this id, including one that must not be signalled."""
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
