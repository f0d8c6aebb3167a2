"""
Which catalog a command line works on: the local stack while one runs, else the environment's.

Knows the form of `.local/stack.json` and the names of settings; starts and asks nothing.
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
"""Relative to the project, where make runs its commands."""
CREDENTIALS: Final = "aws-credentials"
"""The file beside it with the keys of the stack's emulator."""


def settings(env: MutableMapping[str, str], state: Path = STATE) -> Settings:
    """
    Return the settings of the catalog to work on. Raise `SettingsError`.

    For a local stack also have `env` name its keys and no proxy before it: boto3 looks there.
    """
    stack = running(state)
    if stack is None:
        return Settings.from_env(env)
    if stack["aws"].get("pid"):
        _take_over(env, state.with_name(CREDENTIALS))
    else:
        env.update(environment.keys_where_none_are_named(env))
    env.update(environment.past_proxies(env))
    return Settings.from_env(_of_stack(stack, env))


def running(state: Path = STATE) -> dict[str, Any] | None:
    """Return what `state` says of the local stack, unless none runs."""
    try:
        stack: dict[str, Any] = json.loads(state.read_text())
        alive = _is_alive(stack["pid"])
    except (OSError, ValueError, LookupError, TypeError):
        return None  # absent, half written, or nothing that a stack wrote
    return stack if alive else None


def _take_over(env: MutableMapping[str, str], credentials: Path) -> None:
    """Have `env` say of AWS what the stack's emulator is called by, and nothing else."""
    for name in [name for name in env if name.startswith(environment.OF_AWS)]:
        del env[name]
    env["AWS_REGION"] = environment.REGION
    env["AWS_CONFIG_FILE"] = os.devnull
    env["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials.absolute())


def _of_stack(stack: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` as the stack has it. What is said of another Redis must not reach its own."""
    redis = stack["redis"]
    left_out = environment.OF_ANOTHER_REDIS if redis.get("pid") else ()
    return {
        "AWS_REGION": env.get("AWS_DEFAULT_REGION") or environment.REGION,
        **{name: value for name, value in env.items() if value and name not in left_out},
        "AWS_ENDPOINT_URL": stack["aws"]["url"],
        "CACHE_ENABLED": "true" if redis["host"] else "false",
        **{each.table_variable: stack["tables"][each.name] for each in RESOURCES},
        "REDIS_HOST": redis["host"],
        "REDIS_PORT": str(redis["port"]),
    }


def _is_alive(pid: int) -> bool:
    """Tell whether a process has this id. One that we may not signal is alive too."""
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
