"""The environment of a local API: which settings follow from the servers that were started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from chalicelib.resources import RESOURCES
from dev.stack.emulator import REGION, Emulator
from dev.stack.valkey import Valkey

OF_ANOTHER_REDIS: Final = (
    "REDIS_DB",
    "REDIS_CLUSTER",
    "REDIS_TLS",
    "REDIS_CA_FILE",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_IAM_CACHE",
)
"""What the environment may say of a Redis, and does not hold for one that we start."""
OF_AWS: Final = "AWS_"
"""What all variables begin with that say how AWS is called, and does not hold for our emulator."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_TEST_KEYS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def of(
    valkey: Valkey | None, aws: Emulator | None, env: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """
    Return `env` with the settings of an API that uses these two.

    `None` stands for a server that `env` names itself.
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
        settings |= keys_where_none_are_named(settings)
    if valkey is not None:
        settings |= dict.fromkeys(OF_ANOTHER_REDIS, "")
        settings |= {"REDIS_HOST": valkey.host, "REDIS_PORT": str(valkey.port)}
    return {name: value for name, value in settings.items() if value} | past_proxies(env)


def without_aws(env: Mapping[str, str]) -> dict[str, str]:
    """Return what says nothing of AWS: keys and profiles of an account are not for an emulator."""
    return {name: value for name, value in env.items() if not name.startswith(OF_AWS)}


def keys_where_none_are_named(env: Mapping[str, str]) -> dict[str, str]:
    """Return keys for another's emulator, unless `env` has some or names a profile."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    return {} if any(env.get(name) for name in named) else dict(_TEST_KEYS)


def past_proxies(env: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps calls to this machine from a proxy that `env` names for all others."""
    told = env.get("no_proxy") or env.get("NO_PROXY") or ""
    if told.strip() == "*":
        return {}
    hosts = ",".join([*filter(None, [told]), *_LOOPBACK])
    return {"no_proxy": hosts, "NO_PROXY": hosts}
