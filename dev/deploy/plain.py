"""
Deploys with a plain `chalice deploy` over a stage's data stack.

`prepare` makes the project for it, with a configuration from the stack's outputs. `run` runs
Chalice. `complete` does by API calls what Chalice cannot: retries, dead letters, gateway responses,
limits, logs, the usage plan of an API key. Both ways of deploying read them from `infra/app/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chalicelib.resources import RESOURCES
from dev.deploy import gateway, settings, templates
from dev.deploy.build import ROOT, build
from dev.deploy.failure import DeployFailed
from dev.deploy.package import OUTPUT, write
from dev.deploy.runtime import Runtime
from dev.deploy.settings import Values
from dev.deploy.templates import Template
from dev.deploy.waiting import wait_until

STATE: Final = ROOT / ".chalice" / "deployed"
"""Chalice's record of what it deployed. Keep it until that is deleted."""

_RETRIES: Final = ("MaximumRecordAgeInSeconds", "MaximumRetryAttempts")
_SECONDS: Final = 300.0


def prepare(
    clients: Any,
    stage: str,
    runtime: Runtime,
    values: Values,
    output: Path = OUTPUT,
    state: Path = STATE,
) -> Path:
    """
    Return the directory to run `chalice deploy` in. Raise `DeployFailed`.

    `values` are the data stack's outputs and the stage's parameters. The configuration contains
    the secrets.
    """
    secrets = clients.client("secretsmanager")

    def secret(arn: str) -> str:
        content: str = secrets.get_secret_value(SecretId=arn)["SecretString"]
        return content

    place = output.absolute() / f"{stage}-chalice"
    build(runtime, place, output.absolute())
    (place / ".chalice").mkdir(mode=0o700)  # before the secrets are in it
    write(place / ".chalice" / "config.json", _configuration(stage, runtime, values, secret))
    state.mkdir(parents=True, exist_ok=True)
    (place / ".chalice" / "deployed").symlink_to(state.absolute(), target_is_directory=True)
    settable = templates.settable()
    known = {name: value for name, value in values.items() if name in settable}
    write(record(stage, state), known)
    return place


def record(stage: str, state: Path = STATE) -> Path:
    """Return the file with the stage's parameters, beside Chalice's own record."""
    return state / f"{stage}-parameters.json"


def run(project: Path, stage: str, command: str = "deploy") -> None:
    """Run Chalice in `project`, with the credentials of this process. Raise `DeployFailed`."""
    program = [sys.executable, "-c", "from chalice.cli import main; main()"]
    done = subprocess.run([*program, command, "--stage", stage], cwd=project, check=False)
    if done.returncode:
        raise DeployFailed(f"chalice {command} failed; see above")


def complete(
    clients: Any, stage: str, values: Values, state: Path = STATE, poll_seconds: float = 1.0
) -> str:
    """Do what `chalice deploy` cannot, after each run of it; return the API's id."""
    facts = {each["name"]: each for each in _deployed(stage, state)}
    api_id: str = facts["rest_api"]["rest_api_id"]
    apigateway, app = clients.client("apigateway"), templates.app()
    gateway.put_responses(apigateway, api_id, app, values.get("CorsAllowOrigin", ""))
    gateway.set_limits(apigateway, api_id, app, values)
    gateway.add_key(apigateway, api_id, app, values)
    name = {"op": "replace", "path": "/name", "value": f"product-catalog-{stage}"}
    apigateway.update_rest_api(
        restApiId=api_id, patchOperations=[name]
    )  # Chalice names it after the app
    for each in facts.values():
        if each["resource_type"] == "dynamodb_event":
            _retry(clients.client("lambda"), each["event_uuid"], app, values, poll_seconds)
    return api_id


def _retry(client: Any, mapping: str, app: Template, values: Values, poll_seconds: float) -> None:
    """Set the retries of the stream's mapping. Lambda refuses this while it creates the mapping."""

    def is_enabled() -> bool:
        return bool(client.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")

    retries = _mapping(app)
    failure = "The stream's mapping is not enabled"
    wait_until(is_enabled, failure, seconds=_SECONDS, poll_seconds=poll_seconds)
    client.update_event_source_mapping(
        UUID=mapping,
        DestinationConfig={"OnFailure": {"Destination": values["DeadLetterQueueArn"]}},
        **{name: retries[name] for name in _RETRIES},
    )
    wait_until(is_enabled, failure, seconds=_SECONDS, poll_seconds=poll_seconds)


def _configuration(
    stage: str, runtime: Runtime, values: Values, secret: Callable[[str], str]
) -> Any:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    config["lambda_architecture"] = runtime.architecture
    config["stages"][stage] |= {
        "xray": values.get("Tracing") == "Active",
        "manage_iam_role": False,
        "iam_role_arn": values["ApiRoleArn"],
        "lambda_functions": {
            each.stream_function: {"iam_role_arn": values["InvalidateRoleArn"]}
            for each in RESOURCES
        },
        "environment_variables": _environment(values, secret),
    }
    if values["FunctionsGroupId"]:
        config["stages"][stage] |= {
            "subnet_ids": values["SubnetIds"].split(","),
            "security_group_ids": [values["FunctionsGroupId"]],
        }
    return config


def _environment(values: Values, secret: Callable[[str], str]) -> dict[str, str]:
    variables = settings.when_run(templates.app(), values, secret)
    streams = {each.stream_variable: values[f"{each.template_name}StreamArn"] for each in RESOURCES}
    return variables | streams


def _mapping(app: Template) -> dict[str, Any]:
    (event,) = app["Resources"]["Invalidate"]["Properties"]["Events"].values()
    properties: dict[str, Any] = event["Properties"]
    return properties


def _deployed(stage: str, state: Path) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = json.loads((state / f"{stage}.json").read_text())["resources"]
    return resources
