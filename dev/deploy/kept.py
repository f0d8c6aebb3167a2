"""
The parameters that a stage was deployed with, which a deployment keeps, and how they change.

`make switch` changes functions without their stack, so the functions' settings take precedence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dev.deploy import functions, stages, switch, templates
from dev.deploy.failure import DeployFailed
from dev.deploy.release import Release
from dev.deploy.stages import Parameters

ASKS: Final = ("Cache", "WriteAccess", "ReadAccess", "Protected")
"""Changing these back does not restore what was lost: a cache, a key, a table."""


def of_stage(clients: Any, stage: str, record: Path) -> Parameters:
    """
    Return the parameters of a deployed stage. They are empty if it is not deployed.

    `record` is the file with the parameters of `chalice deploy`, which uses no app stack.
    """
    release = Release(clients, stage)
    data = release.data.parameters()
    if not data:
        return {}
    app = release.app.parameters()
    if not app and record.exists() and functions.are_chalices(clients, stage):
        app = json.loads(record.read_text())
    settable = templates.settable()
    known = {name: value for name, value in (app | data).items() if name in settable}
    return known | (_switched(clients, stage, release.data.outputs() | app) if app else {})


def resolved(stage: str, deployed: Parameters, given: Parameters) -> Parameters:
    """Return what to deploy: the given parameters over the deployed ones over the file's."""
    return stages.read(stage) | deployed | given


def changes(deployed: Parameters, wanted: Parameters) -> dict[str, str]:
    """Return a line for each parameter that changes."""
    return {
        name: f"{name}: {deployed[name] or 'none'} → {value or 'none'}"
        for name, value in sorted(wanted.items())
        if name in deployed and not _same(deployed[name], value)
    }


def differing(stage: str, deployed: Parameters, wanted: Parameters) -> list[str]:
    """Return a line for each parameter that is kept although the stage's file differs."""
    return [
        f"{name} stays {deployed[name]}; infra/stages.yaml has {value}, which ARGS=--reset takes"
        for name, value in stages.read(stage).items()
        if name in deployed and _same(wanted[name], deployed[name]) and deployed[name] != value
    ]


def _switched(clients: Any, stage: str, deployed: Mapping[str, str]) -> Parameters:
    """Return the parameters whose settings were switched after the deployment."""
    try:
        api, _ = functions.of_stage(clients, stage)
    except DeployFailed:
        return {}
    found = api.variables()
    return {
        name: found[setting]
        for name, setting in switch.by_parameter(templates.app()).items()
        if setting in found and not _same(found[setting], deployed.get(name, ""))
    }


def _same(one: str, other: str) -> bool:
    """Return whether two values are equal: CloudFormation may format a number differently."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
