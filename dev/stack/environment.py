"""Builds the environment of a local API from the servers that were started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from chalicelib.resources import RESOURCES
from dev.stack.emulator import REGION, Emulator
from dev.stack.valkey import Valkey

REDIS_VARIABLES: Final = (
    "REDIS_DB",
    "REDIS_CLUSTER",
    "REDIS_TLS",
    "REDIS_CA_FILE",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_IAM_CACHE",
)
"""Variables of another Redis. They do not apply to the stack's own."""
AWS_PREFIX: Final = "AWS_"
"""The prefix of AWS's variables. They do not apply to the stack's own emulator."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_TEST_KEYS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def of(
    valkey: Valkey | None, aws: Emulator | None, env: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """
    Return `env` with the settings of an API that uses these servers.

    `None` means that `env` names the server.
    """
    defaults = {
        **{each.table_variable: each.name for each in RESOURCES},
        "AWS_REGION": env.get("AWS_DEFAULT_REGION") or REGION,
        "LOG_FORMAT": "text",
    }
    settings = {**defaults, **{name: value for name, value in env.items() if value}}
    if aws is not None:
        settings = without_aws(settings) | aws.environment()
    else:
        settings |= default_test_keys(settings)
    if valkey is not None:
        settings |= dict.fromkeys(REDIS_VARIABLES, "")
        settings |= {"REDIS_HOST": valkey.host, "REDIS_PORT": str(valkey.port)}
    return {name: value for name, value in settings.items() if value} | without_proxies(env)


def without_aws(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without AWS's variables: an emulator must not get an account's keys."""
    return {name: value for name, value in env.items() if not name.startswith(AWS_PREFIX)}


def default_test_keys(env: Mapping[str, str]) -> dict[str, str]:
    """Return test keys for an external emulator, unless `env` has keys or a profile."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    return {} if any(env.get(name) for name in named) else dict(_TEST_KEYS)


def without_proxies(env: Mapping[str, str]) -> dict[str, str]:
    """Return variables that exclude this machine from the proxies of `env`."""
    excluded = env.get("no_proxy") or env.get("NO_PROXY") or ""
    if excluded.strip() == "*":
        return {}
    hosts = ",".join([*filter(None, [excluded]), *_LOOPBACK])
    return {"no_proxy": hosts, "NO_PROXY": hosts}
