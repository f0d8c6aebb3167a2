"""One CloudFormation stack: brought to what a template says, asked, removed. Knows no template."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from dev.deploy.failure import DeployFailed

_MAY: Final = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
"""Make roles, and have Chalice's template expanded by SAM."""
_SECONDS: Final = 3600.0
"""Lambda takes up to forty minutes to leave a network that is to be deleted."""
_NOTHING_NEW: Final = "No updates are to be performed"


class Stack:
    """A stack by its name, whether it is there or not."""

    def __init__(self, cloudformation: Any, name: str, poll_seconds: float = 2.0) -> None:
        self._client = cloudformation
        self.name = name
        self._poll_seconds = poll_seconds

    def deploy(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
        """Create or update it; return its outputs. Raise `DeployFailed`, with what AWS said."""
        request = {
            "StackName": self.name,
            "TemplateBody": json.dumps(template, separators=(",", ":")),
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            "Capabilities": _MAY,
            "Tags": [{"Key": "application", "Value": "product-catalog"}],
        }
        found = self._found()
        if found is None:
            made = self._client.create_stack(**request, OnFailure="DELETE")
            return self._finished(made["StackId"], "CREATE_COMPLETE")
        if not self._is_up_to_date(request):
            return self._finished(found["StackId"], "UPDATE_COMPLETE")
        return self.outputs()

    def outputs(self) -> dict[str, str]:
        """Return what it tells; raise `DeployFailed` where there is no such stack."""
        found = self._found()
        if found is None:
            raise DeployFailed(f"There is no stack {self.name}")
        return _outputs(found)

    def exists(self) -> bool:
        """Tell whether it is there."""
        return self._found() is not None

    def delete(self) -> None:
        """Remove it and what it made; nothing happens where it is not there."""
        found = self._found()
        if found is not None:
            self._client.delete_stack(StackName=self.name)
            self._finished(found["StackId"], "DELETE_COMPLETE")

    def _is_up_to_date(self, request: Mapping[str, Any]) -> bool:
        """Start the update, unless there is nothing to do."""
        try:
            self._client.update_stack(**request)
        except ClientError as error:
            if _NOTHING_NEW in str(error):
                return True
            raise
        return False

    def _found(self) -> dict[str, Any] | None:
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = stacks[0]
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _finished(self, stack_id: str, wanted: str) -> dict[str, str]:
        deadline = time.monotonic() + _SECONDS
        while True:
            stack = self._client.describe_stacks(StackName=stack_id)["Stacks"][0]
            status: str = stack["StackStatus"]
            if status == wanted:
                return _outputs(stack)
            if not status.endswith("_IN_PROGRESS") or time.monotonic() > deadline:
                raise DeployFailed(f"{self.name}: {status}\n{self._reasons(stack_id)}")
            time.sleep(self._poll_seconds)

    def _reasons(self, stack_id: str) -> str:
        events = self._client.describe_stack_events(StackName=stack_id)["StackEvents"]
        return "\n".join(
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason told')}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
        )


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
