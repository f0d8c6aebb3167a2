"""
Changes settings of a deployed stage without deploying: `python -m dev.deploy.switch CACHE=off`.

    CACHE       on or off: whether reads ask Redis; writes delete their keys either way
    LOG_LEVEL   DEBUG, INFO, WARNING, ERROR
    LOG_HITS    the share of the hits that get a line, 0.01 to 1
    METRICS     on or off

It ends when both functions have started with the new settings and answered. The next deployment
sets again what the stage says: to keep a change, write it to `infra/stages.yaml` too.

Containers change over one by one, so for a while some read past the cache and some do not. No read
is stale for it: whoever writes, with the cache on or off, fences the key and deletes it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import Final

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import stages
from dev.deploy.failure import DeployFailed
from dev.deploy.functions import Function, of_stage
from dev.deploy.settings import with_stand_ins

_ON_OFF: Final = {"on": "true", "off": "false"}
_SWITCHES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "CACHE": ("CACHE_ENABLED", _ON_OFF),
    "METRICS": ("METRICS", _ON_OFF),
    "LOG_LEVEL": ("LOG_LEVEL", {}),
    "LOG_HITS": ("LOG_HITS", {}),
}
"""The setting behind each switch, and how it has the switch's words."""


def settings(words: Iterable[str]) -> dict[str, str]:
    """Return the settings that `NAME=value` words stand for. Raise `DeployFailed`."""
    changes = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in _SWITCHES or not value:
            raise DeployFailed(f"{word!r} is no switch; there are {', '.join(_SWITCHES)}=…")
        setting, values = _SWITCHES[name]
        if values and value not in values:
            raise DeployFailed(f"{name} is {' or '.join(values)}, not {value!r}")
        changes[setting] = values.get(value, value)
    if not changes:
        raise DeployFailed(f"Nothing to switch; there are {', '.join(_SWITCHES)}=…")
    with_stand_ins(changes)
    return changes


def switch(functions: Iterable[Function], changes: Mapping[str, str]) -> None:
    """Change every function, then see each answer. Raise `DeployFailed`."""
    functions = list(functions)
    for function in functions:
        function.check(changes)
    for function in functions:
        for told in function.change(changes):
            print(f"{function.name}: {told}", flush=True)
    for function in functions:
        print(f"{function.name}: in effect, {function.proof()}", flush=True)


def main(words: list[str]) -> str | None:
    """Do what the words say; return what went wrong."""
    options = _parser().parse_args(words)
    try:
        changes = settings(options.switches)
        stages.read(options.stage)
        switch(of_stage(boto3.Session(), options.stage), changes)
    except (DeployFailed, Boto3Error, BotoCoreError, ClientError) as failure:
        return str(failure)
    print("Requests under way end as they began. The next make deploy sets what the stage says.")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev.deploy.switch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stage", default="dev", help="a stage that is deployed")
    parser.add_argument("switches", nargs="*", metavar="NAME=value")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
