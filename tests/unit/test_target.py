"""Which catalog a command line works on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.resources import RESOURCES
from chalicelib.settings import SettingsError
from dev.stack import target
from tests.examples import ENVIRONMENT

OF_AWS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL_DYNAMODB",
)
"""What botocore reads, each of which stops a command or misleads it where it is another's."""


def test_a_running_stack_comes_before_the_environment(tmp_path: Path) -> None:
    """What `.local/stack.json` names is used, with the keys of the file beside it."""
    env = {"REDIS_HOST": "else.example", "AWS_ENDPOINT_URL": "http://else.example"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert ("127.0.0.1", 6380) == (settings.redis_host, settings.redis_port)
    assert "http://127.0.0.1:4567" == settings.aws_endpoint_url
    assert ("their-products", "us-east-1") == (settings.tables["products"], settings.aws_region)
    assert str(tmp_path / "aws-credentials") == env["AWS_SHARED_CREDENTIALS_FILE"]


@pytest.mark.parametrize("name", OF_AWS)
def test_the_stacks_emulator_is_called_by_nothing_of_the_users_aws(
    tmp_path: Path, name: str
) -> None:
    """A profile that nobody has stops boto3; keys and a region of an account are not for it."""
    env = {name: "of the user"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert "us-east-1" == settings.aws_region
    assert "of the user" not in env.values()


def test_another_emulator_is_called_as_the_environment_says(tmp_path: Path) -> None:
    """Who named it by AWS_ENDPOINT_URL has its keys; where nobody has some, `test` will do."""
    aws = {"url": "http://127.0.0.1:4567", "pid": None}
    state = _state(tmp_path, os.getpid(), aws=aws)
    theirs, none = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-central-1"}, dict[str, str]()

    assert "eu-central-1" == target.settings(theirs, state).aws_region
    target.settings(none, state)

    assert ("mine", None) == (theirs["AWS_PROFILE"], theirs.get("AWS_ACCESS_KEY_ID"))
    assert "test" == none["AWS_ACCESS_KEY_ID"]


def test_what_is_said_of_another_redis_does_not_reach_the_stacks_own(tmp_path: Path) -> None:
    """A fence in another database would hold nobody off."""
    env = {"REDIS_DB": "3", "REDIS_TLS": "true", "CACHE_ENABLED": "false"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert (0, False) == (settings.redis_db, settings.redis_tls)
    assert settings.cache_enabled


def test_a_redis_that_the_stack_did_not_start_is_reached_as_the_settings_say(
    tmp_path: Path,
) -> None:
    """The stack took it from REDIS_HOST, and so from its other variables too."""
    state = _state(tmp_path, os.getpid(), redis={"host": "127.0.0.1", "port": 1, "pid": None})

    assert 3 == target.settings({"REDIS_DB": "3"}, state).redis_db


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "1"}', '{"pid": null}'])
def test_a_file_that_no_stack_wrote_counts_as_absent(tmp_path: Path, text: str) -> None:
    """Half written or foreign, it stops nobody."""
    state = tmp_path / "stack.json"
    state.write_text(text)

    assert target.running(state) is None


def test_the_file_of_a_dead_stack_counts_as_absent(tmp_path: Path) -> None:
    """Without a stack the environment decides, and is told all that it lacks."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    state = _state(tmp_path, ended.pid)

    assert "products" == target.settings(dict(ENVIRONMENT), state).tables["products"]
    with pytest.raises(SettingsError, match=r"(?s)PRODUCTS_TABLE.*AWS_REGION.*REDIS_HOST"):
        target.settings({}, state)


def _state(directory: Path, pid: int, **parts: Any) -> Path:
    stack = {
        "pid": pid,
        "api": {"url": "http://127.0.0.1:8080", "pid": 1},
        "redis": {"host": "127.0.0.1", "port": 6380, "pid": 1},
        "aws": {"url": "http://127.0.0.1:4567", "pid": 1},
        "tables": {each.name: f"their-{each.name}" for each in RESOURCES},
        **parts,
    }
    path = directory / "stack.json"
    path.write_text(json.dumps(stack))
    return path
