"""The parameters of a stage in `infra/stages.yaml`, and those of a command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from dev.deploy.failure import DeployFailed
from dev.deploy.templates import INFRA, Template

FILE: Final = INFRA / "stages.yaml"

Parameters = dict[str, str]


def read(stage: str) -> Parameters:
    """Return the stage's own parameters. Raise `DeployFailed` for an unknown stage."""
    stages: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())
    if stage not in stages:
        raise DeployFailed(f"No stage {stage!r} in infra/stages.yaml: {', '.join(stages)}")
    return {"Stage": stage} | {name: str(value) for name, value in stages[stage].items()}


def given(words: Iterable[str]) -> Parameters:
    """Return `Name=Value` words as parameters."""
    pairs = [word.partition("=") for word in words]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise DeployFailed(f"{name!r} is no Name=Value")
    return {name: value for name, _, value in pairs}


def check(parameters: Mapping[str, str], templates: Iterable[Template]) -> None:
    """Raise `DeployFailed` for a parameter that no template has."""
    known = {name for template in templates for name in template["Parameters"]}
    if unknown := parameters.keys() - known:
        raise DeployFailed(f"No such parameter: {', '.join(sorted(unknown))}")


def of_template(template: Template, *sources: Mapping[str, str]) -> Parameters:
    """Return the sources' parameters that a template has. A later source takes precedence."""
    known = {name: value for source in sources for name, value in source.items()}
    return {name: known[name] for name in template["Parameters"] if name in known}
