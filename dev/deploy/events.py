"""The events of an operation of a stack, shown as they come, and the first failure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

Event = dict[str, Any]


class Events:
    """The events after this object was created, or all events of a new stack."""

    def __init__(self, cloudformation: Any, stack_id: str, *, is_new: bool) -> None:
        self._pages = cloudformation.get_paginator("describe_stack_events")
        self._stack_id = stack_id
        self._last = None if is_new else next(self._newest_first())["EventId"]
        self.first_failure: Event | None = None

    def show_new(self) -> None:
        """Print a line for each new event. Pages are read down to the last event that was shown."""
        last = self._last
        new = list(takewhile(lambda event: event["EventId"] != last, self._newest_first()))
        for event in reversed(new):
            self._last = event["EventId"]
            status, moment = event["ResourceStatus"], event["Timestamp"]
            print(f"  {moment:%H:%M:%S}  {status:<28}{event['LogicalResourceId']}", flush=True)
            if self.first_failure is None and status.endswith("_FAILED"):
                self.first_failure = event

    def cause(self) -> str:
        """Return the first failure: later ones are its consequences."""
        if self.first_failure is None:
            return "no event gives a reason"
        reason = self.first_failure.get("ResourceStatusReason", "no reason given")
        return f"{self.first_failure['LogicalResourceId']}: {reason}"

    def _newest_first(self) -> Iterator[Event]:
        for page in self._pages.paginate(StackName=self._stack_id):
            yield from page["StackEvents"]
