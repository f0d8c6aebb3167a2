"""
What a plain `chalice deploy` needs of a stage's data stack, and what it leaves out.

`prepare` makes the project to run it in, its configuration filled from the stack's outputs;
`complete` says by API calls what Chalice cannot: retries, dead letters, the gateway's answers.
Settings and retries are read from `infra/app/`, so both ways of deploying have the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from dev.deploy import gateway_responses, templates
from dev.deploy.build import ROOT, build
from dev.deploy.failure import DeployFailed
from dev.deploy.package import OUTPUT, write
from dev.deploy.runtime import Runtime
from dev.deploy.templates import Template

STATE: Final = ROOT / ".chalice" / "deployed"
"""Where Chalice remembers what it has deployed; not to be lost while that is there."""

_RETRIES: Final = (
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
)

Values = Mapping[str, str]


def prepare(
    stage: str,
    runtime: Runtime,
    values: Values,
    secret: Callable[[str], str],
    output: Path = OUTPUT,
    state: Path = STATE,
) -> Path:
    """
    Return the directory to run `chalice deploy` in. Raise `DeployFailed`.

    `values` are the data stack's outputs and the stage's parameters; `secret` tells a secret's
    content, which then stands in the configuration.
    """
    _refuse_signatures(values)
    place = output.absolute() / f"{stage}-chalice"
    build(runtime, place, output.absolute())
    write(place / ".chalice" / "config.json", _configuration(stage, runtime, values, secret))
    (place / ".chalice" / "config.json").chmod(0o600)
    state.mkdir(parents=True, exist_ok=True)
    (place / ".chalice" / "deployed").symlink_to(state.absolute(), target_is_directory=True)
    return place


def complete(clients: Any, stage: str, values: Values, state: Path = STATE) -> str:
    """Say what `chalice deploy` did not; return the API's id. To be called after each."""
    facts = {each["name"]: each for each in _deployed(stage, state)}
    (event,) = (each for each in facts.values() if each["resource_type"] == "dynamodb_event")
    retries = _mapping(templates.app())
    queue = {"OnFailure": {"Destination": values["DeadLetterQueueArn"]}}
    clients.client("lambda").update_event_source_mapping(
        UUID=event["event_uuid"],
        DestinationConfig=queue,
        **{name: retries[name] for name in _RETRIES},
    )
    api_id: str = facts["rest_api"]["rest_api_id"]
    apigateway, origin = clients.client("apigateway"), values.get("CorsAllowOrigin", "")
    gateway_responses.put(apigateway, api_id, "api", templates.app(), origin)
    return api_id


def _refuse_signatures(values: Values) -> None:
    """Deploy no stage open that wants signed calls, not for a moment."""
    if values.get("WriteAccess") != "open" or values.get("ReadAccess", "open") != "open":
        raise DeployFailed(
            "chalice deploy makes an API that anybody may write to. "
            "Say so, by WriteAccess=open, or take: make deploy"
        )


def _configuration(
    stage: str, runtime: Runtime, values: Values, secret: Callable[[str], str]
) -> Any:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    config["lambda_architecture"] = runtime.architecture
    config["stages"][stage] |= {
        "manage_iam_role": False,
        "iam_role_arn": values["ApiRoleArn"],
        "lambda_functions": {"invalidate": {"iam_role_arn": values["InvalidateRoleArn"]}},
        "environment_variables": _environment(templates.app(), values, secret)
        | {"PRODUCTS_STREAM_ARN": values["StreamArn"]},
    }
    if values["FunctionsGroupId"]:
        config["stages"][stage] |= {
            "subnet_ids": values["SubnetIds"].split(","),
            "security_group_ids": [values["FunctionsGroupId"]],
        }
    return config


def _environment(app: Template, values: Values, secret: Callable[[str], str]) -> dict[str, str]:
    """Return the functions' settings as the template has them: parameters, and two secrets."""
    defaults = {name: str(each.get("Default", "")) for name, each in app["Parameters"].items()}
    known = defaults | dict(values)
    settings = app["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    found = {name: _value(given, known, secret) for name, given in settings.items()}
    return {name: value for name, value in found.items() if value}


def _value(given: Mapping[str, str], known: Values, secret: Callable[[str], str]) -> str:
    if "Ref" in given:
        return known[given["Ref"]]
    named = given["Fn::Sub"].partition("${")[2].partition("}")[0]
    return secret(known[named])


def _mapping(app: Template) -> dict[str, Any]:
    (event,) = app["Resources"]["Invalidate"]["Properties"]["Events"].values()
    properties: dict[str, Any] = event["Properties"]
    return properties


def _deployed(stage: str, state: Path) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = json.loads((state / f"{stage}.json").read_text())["resources"]
    return resources
