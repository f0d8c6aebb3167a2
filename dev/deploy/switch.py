"""
Changes settings of a deployed stage without deploying, and checks that they are in effect.

Containers change one by one, so for a while only some of them bypass the cache. No read is stale:
every write, with the cache on or off, fences the key and deletes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dev.deploy.failure import DeployFailed
from dev.deploy.functions import Function
from dev.deploy.settings import variables, with_stand_ins
from dev.deploy.templates import Template

_ON_OFF: Final = {"on": "true", "off": "false"}
_BY_NAME: Final = (
    "CACHE_NEGATIVE_TTL_SECONDS",
    "CACHE_TTL_SECONDS",
    "CACHE_WRITE_POLICY",
    "DOCS",
    "DYNAMODB_RETRY_SECONDS",
    "LOG_HITS",
    "LOG_LEVEL",
    "REDIS_TIMEOUT_SECONDS",
)
SWITCHES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "CACHE": ("CACHE_ENABLED", _ON_OFF),
    "METRICS": ("METRICS", _ON_OFF),
    **{name: (name, {}) for name in _BY_NAME},
}
"""The setting of each switch, and its values for the switch's words."""


def settings(words: Iterable[str]) -> dict[str, str]:
    """Return the settings of `NAME=value` words. Raise `DeployFailed`."""
    changes = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in SWITCHES or not value:
            raise DeployFailed(f"{word!r} is no switch; there are {', '.join(SWITCHES)}=…")
        setting, values = SWITCHES[name]
        if values and value not in values:
            raise DeployFailed(f"{name} is {' or '.join(values)}, not {value!r}")
        changes[setting] = values.get(value, value)
    if not changes:
        raise DeployFailed(f"Nothing to switch; there are {', '.join(SWITCHES)}=…")
    with_stand_ins(changes)
    return changes


def switched(app: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that have a switch, with the values of the parameters."""
    parameters = by_parameter(app)
    return {setting: values[name] for name, setting in parameters.items()}


def by_parameter(app: Template) -> dict[str, str]:
    """Return the setting of each parameter that has a switch."""
    return {variables(app)[setting]["Ref"]: setting for setting, _ in SWITCHES.values()}


def switch(functions: Iterable[Function], changes: Mapping[str, str]) -> None:
    """Change every function, then invoke each. Raise `DeployFailed`."""
    functions = list(functions)
    for function in functions:
        function.check(changes)
    for function in functions:
        for line in function.change(changes):
            print(f"{function.name}: {line}", flush=True)
    for function in functions:
        print(f"{function.name}: in effect, {function.proof()}", flush=True)
