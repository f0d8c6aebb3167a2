"""`complete` after `chalice deploy`: the stream's mapping comes last, once Lambda has made it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dev.deploy import plain, settings, templates
from dev.deploy.failure import DeployFailed

_STATE = [
    {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "api1"},
    {"name": "e", "resource_type": "dynamodb_event", "event_uuid": "mapping1"},
]
_VALUES = settings.known(
    templates.app(),
    {"Stage": "dev", "DeadLetterQueueArn": "arn:queue", "AccessLogArn": "arn:log:*"},
)


class _Lambda:
    """Lambda, whose mapping goes through these states, one a look; an update is refused before."""

    def __init__(self, calls: list[str], states: list[str]) -> None:
        self._calls = calls
        self._states = states

    def get_event_source_mapping(self, UUID: str) -> dict[str, str]:  # noqa: N803 — boto3's name
        assert "mapping1" == UUID
        return {"State": self._states.pop(0) if len(self._states) > 1 else self._states[0]}

    def update_event_source_mapping(self, **request: Any) -> None:
        assert "Enabled" == self._states[0], "ResourceInUseException"
        self._calls.append("update_event_source_mapping")
        assert {"OnFailure": {"Destination": "arn:queue"}} == request["DestinationConfig"]
        assert (82800, -1) == (
            request["MaximumRecordAgeInSeconds"],
            request["MaximumRetryAttempts"],
        )


class _Gateway:
    """API Gateway, which notes what it is asked to change."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda: [{"items": []}])

    def get_stage(self, **_: str) -> dict[str, Any]:
        return {}

    def __getattr__(self, name: str) -> Any:
        return lambda **_: self._calls.append(name)


def _complete(state: Path, states: list[str]) -> list[str]:
    calls: list[str] = []
    clients = {"lambda": _Lambda(calls, states), "apigateway": _Gateway(calls)}
    (state / "dev.json").write_text(json.dumps({"resources": _STATE}))
    plain.complete(
        SimpleNamespace(client=clients.__getitem__), "dev", _VALUES, state, poll_seconds=0
    )
    return calls


def test_the_mapping_is_changed_last_and_once_it_is_enabled(tmp_path: Path) -> None:
    """
    One that Lambda still makes takes no change, and nothing after a refusal would happen.

    "UpdateEventSourceMapping", ResourceInUseException: "The operation conflicts with the resource's
    availability. For example, you tried to update an event source mapping in the CREATING state".
    """
    calls = _complete(tmp_path, ["Creating", "Creating", "Enabled"])

    assert "update_stage" in calls
    assert "update_event_source_mapping" == calls[-1]


def test_a_mapping_that_is_never_enabled_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is done by then, and the command can be repeated."""
    monkeypatch.setattr(plain, "_SECONDS", 0.01)

    with pytest.raises(DeployFailed, match="mapping is not enabled"):
        _complete(tmp_path, ["Creating"])
