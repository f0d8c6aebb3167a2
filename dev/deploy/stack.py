"""One CloudFormation stack: deployed, read, removed. Knows no template."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from dev.deploy.events import Events
from dev.deploy.failure import DeployFailed

_MAY: Final = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
"""To create roles, and to expand Chalice's template by SAM."""
_SECONDS: Final = 3600.0
"""Lambda takes up to forty minutes to leave a network."""
_NOTHING_NEW: Final = "No updates are to be performed"
_FAILED: Final = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
"""A stack in these states accepts no update. It can only be deleted."""


class Stack:
    """A stack by its name, whether it exists or not."""

    def __init__(self, cloudformation: Any, name: str, poll_seconds: float = 2.0) -> None:
        self._client = cloudformation
        self.name = name
        self._poll_seconds = poll_seconds

    def deploy(
        self, template: Mapping[str, Any] | str, parameters: Mapping[str, str]
    ) -> dict[str, str]:
        """
        Create or update it; return its outputs. Raise `DeployFailed` with the first failure.

        `template` is a template, or its URL in S3. A stack whose creation failed is created again.
        """
        request = {
            "StackName": self.name,
            **_template(template),
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            "Capabilities": _MAY,
            "Tags": [{"Key": "application", "Value": "product-catalog"}],
        }
        found = self._settled()
        if found is not None and found["StackStatus"] in _FAILED:
            self._clean_up(found)
            found = None
        if found is None:
            made = self._client.create_stack(**request, OnFailure="DELETE")
            return _outputs(self._done(made["StackId"], "CREATE_COMPLETE"))
        return self._updated(found, request)

    def change(self, parameters: Mapping[str, str]) -> None:
        """Change only these parameters, not the template."""
        found = self._existing()
        given = [
            {"ParameterKey": name, "ParameterValue": parameters[name]}
            if name in parameters
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in _parameters(found)
        ]
        request = {"StackName": self.name, "UsePreviousTemplate": True, "Parameters": given}
        self._updated(found, request | {"Capabilities": _MAY})

    def outputs(self) -> dict[str, str]:
        """Return its outputs. Raise `DeployFailed` if it does not exist."""
        return _outputs(self._existing())

    def parameters(self) -> dict[str, str]:
        """Return its parameters with defaults. They are empty unless it can be updated."""
        found = self._found()
        return {} if found is None or found["StackStatus"] in _FAILED else _parameters(found)

    def exists(self) -> bool:
        """Return whether it exists."""
        return self._found() is not None

    def is_protected(self) -> bool:
        """Return whether it exists and is protected from deletion."""
        return bool((self._found() or {}).get("EnableTerminationProtection"))

    def protect(self, *, on: bool) -> None:
        """Turn its protection from deletion on or off."""
        self._client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=on
        )

    def delete(self) -> None:
        """Delete it with its resources, if it exists."""
        found = self._settled()
        if found is not None:
            events = Events(self._client, found["StackId"], is_new=False)
            self._client.delete_stack(StackName=self.name)
            self._done(found["StackId"], "DELETE_COMPLETE", events)

    def _clean_up(self, found: Mapping[str, Any]) -> None:
        """Delete what a failed creation left, but no stack that was ever complete."""
        pages = self._client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=found["StackId"]):
            for event in page["StackEvents"]:
                is_own = event["LogicalResourceId"] == self.name
                if is_own and event["ResourceStatus"] == "CREATE_COMPLETE":
                    raise DeployFailed(
                        f"{self.name}: {found['StackStatus']}. Its removal failed; to "
                        "finish it: make destroy ARGS=--data"
                    )
        print(f"{self.name}: {found['StackStatus']}; removing the rest", flush=True)
        self.delete()

    def _updated(self, found: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, str]:
        events = Events(self._client, found["StackId"], is_new=False)
        try:
            self._client.update_stack(**request)
        except ClientError as error:
            if _NOTHING_NEW in str(error):
                return _outputs(found)
            raise
        return _outputs(self._done(found["StackId"], "UPDATE_COMPLETE", events))

    def _existing(self) -> dict[str, Any]:
        found = self._found()
        if found is None:
            raise DeployFailed(f"There is no stack {self.name}")
        return found

    def _found(self) -> dict[str, Any] | None:
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = stacks[0]
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _settled(self) -> dict[str, Any] | None:
        """Return it once no operation is in progress: an earlier command may have been stopped."""
        found = self._found()
        if found is not None and found["StackStatus"].endswith("_IN_PROGRESS"):
            self._followed(found["StackId"], Events(self._client, found["StackId"], is_new=False))
            found = self._found()
        return found

    def _done(self, stack_id: str, wanted: str, events: Events | None = None) -> dict[str, Any]:
        events = events or Events(self._client, stack_id, is_new=True)
        stack = self._followed(stack_id, events)
        if stack["StackStatus"] != wanted:
            status = stack["StackStatus"]
            raise DeployFailed(f"{self.name} ended as {status}. First failure: {events.cause()}")
        return stack

    def _followed(self, stack_id: str, events: Events) -> dict[str, Any]:
        """Show its events until nothing is in progress, and return it."""
        print(f"{self.name}:", flush=True)
        deadline = time.monotonic() + _SECONDS
        while True:
            stack: dict[str, Any] = self._client.describe_stacks(StackName=stack_id)["Stacks"][0]
            events.show_new()
            in_progress = stack["StackStatus"].endswith("_IN_PROGRESS")
            if not in_progress or time.monotonic() > deadline:
                return stack
            time.sleep(self._poll_seconds)


def _template(template: Mapping[str, Any] | str) -> dict[str, str]:
    if isinstance(template, str):
        return {"TemplateURL": template}
    return {"TemplateBody": json.dumps(template, separators=(",", ":"))}


def _parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
