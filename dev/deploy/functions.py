"""
Changes the settings of a stage's functions on Lambda, and checks that they are in effect.

Knows how Lambda changes a configuration, and which event each function responds to; no switches.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.settings import Settings, SettingsError
from dev.deploy.failure import DeployFailed

Event = Mapping[str, Any]
Answer = Mapping[str, Any]

SECONDS: Final = 120.0
"""The limit of a change: in a network, Lambda prepares interfaces for up to a minute."""
_TRIES: Final = 5
_OVERTAKEN: Final = ("PreconditionFailedException", "ResourceConflictException")
_HEALTH: Final[Event] = {
    "requestContext": {
        "resourcePath": "/health",
        "httpMethod": "GET",
        "path": "/health",
        "requestId": "switch",
    },
    "headers": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
}
_NO_RECORDS: Final[Event] = {"Records": []}


class Question(NamedTuple):
    """An event for a function, and how to describe its response."""

    event: Event
    describe: Callable[[Answer], str]


class Function:
    """One function, by its name."""

    def __init__(
        self, client: Any, name: str, question: Question, poll_seconds: float = 0.5
    ) -> None:
        self._client = client
        self.name = name
        self._question = question
        self._poll_seconds = poll_seconds

    def variables(self) -> dict[str, str]:
        """Return its settings."""
        variables: dict[str, str] = self._settled()["Environment"]["Variables"]
        return variables

    def check(self, changes: Mapping[str, str]) -> None:
        """Raise `DeployFailed` if the function could not start with these settings."""
        self._merged(self._settled(), changes)

    def change(self, changes: Mapping[str, str]) -> list[str]:
        """Change only these settings. Return a line for each."""
        for _ in range(_TRIES):
            found = self._settled()
            before = found["Environment"]["Variables"]
            merged = self._merged(found, changes)
            if before == merged or self._is_accepted(found["RevisionId"], merged):
                self._settled()
                return [_change(name, before.get(name), value) for name, value in changes.items()]
        raise DeployFailed(f"{self.name} is being changed by another client repeatedly")

    def proof(self) -> str:
        """Invoke the function; return a description of its response. Raise `DeployFailed`."""
        answer = self._client.invoke(
            FunctionName=self.name, Payload=json.dumps(self._question.event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise DeployFailed(
                f"{self.name} fails: {payload.get('errorMessage', 'no reason given')}"
            )
        return self._question.describe(payload)

    def _settled(self) -> dict[str, Any]:
        """Return the configuration once no change is in progress. Raise `DeployFailed`."""
        deadline = time.monotonic() + SECONDS
        while True:
            found: dict[str, Any] = self._client.get_function_configuration(FunctionName=self.name)
            status = found.get("LastUpdateStatus", "Successful")
            if status == "Successful":
                return found
            if status == "Failed" or time.monotonic() > deadline:
                reason = found.get("LastUpdateStatusReason") or "no reason given"
                raise DeployFailed(f"{self.name}: the change is {status}: {reason}")
            time.sleep(self._poll_seconds)

    def _merged(self, found: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, str]:
        merged = {**found["Environment"]["Variables"], **changes}
        try:
            Settings.from_env(
                {**merged, "AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "f"}
            )
        except SettingsError as error:
            raise DeployFailed(f"{self.name} could not start. {error}") from None
        return merged

    def _is_accepted(self, revision: str, variables: Mapping[str, str]) -> bool:
        """Return whether Lambda accepted it: not after another change, which it would undo."""
        try:
            self._client.update_function_configuration(
                FunctionName=self.name,
                Environment={"Variables": variables},
                RevisionId=revision,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _OVERTAKEN:
                return False
            raise
        return True


def of_stage(clients: Any, stage: str) -> list[Function]:
    """Return a stage's functions, by either way of deploying. Raise `DeployFailed`."""
    client = clients.client("lambda")
    api, invalidate = _names(clients.client("cloudformation"), stage)
    functions = [
        Function(client, api, Question(_HEALTH, _health)),
        Function(client, invalidate, Question(_NO_RECORDS, lambda _: "it starts")),
    ]
    try:
        for function in functions:
            client.get_function_configuration(FunctionName=function.name)
    except client.exceptions.ResourceNotFoundException:
        raise DeployFailed(f"No functions of a stage {stage!r} are deployed") from None
    return functions


def are_chalices(clients: Any, stage: str) -> bool:
    """Return whether `chalice deploy` made the stage's functions: they have fixed names."""
    client = clients.client("lambda")
    try:
        client.get_function_configuration(FunctionName=f"product-catalog-{stage}")
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _names(cloudformation: Any, stage: str) -> tuple[str, str]:
    """Return both names: from the stage's stack, or those that `chalice deploy` gives."""
    name = f"product-catalog-{stage}"
    try:
        found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return name, f"{name}-invalidate"
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
    return ids["APIHandler"], ids["Invalidate"]


def _health(answer: Answer) -> str:
    health = json.loads(answer["body"])
    return f"{health['status']}, Redis {health['redis']}, DynamoDB {health['dynamodb']}"


def _change(name: str, before: str | None, after: str) -> str:
    return f"{name} is {after}" if before == after else f"{name} {before} → {after}"
