"""The catalog that a command works on."""

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

AWS_VARIABLES = (
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
"""Variables of botocore. Foreign values would stop or mislead a command."""


def test_a_running_stack_comes_before_the_environment(tmp_path: Path) -> None:
    """`.local/stack.json` is used, with the credentials file beside it."""
    env = {"REDIS_HOST": "else.example", "AWS_ENDPOINT_URL": "http://else.example"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert ("127.0.0.1", 6380) == (settings.redis_host, settings.redis_port)
    assert "http://127.0.0.1:4567" == settings.aws_endpoint_url
    assert ("their-products", "us-east-1") == (settings.tables["products"], settings.aws_region)
    assert str(tmp_path / "aws-credentials") == env["AWS_SHARED_CREDENTIALS_FILE"]


@pytest.mark.parametrize("name", AWS_VARIABLES)
def test_the_emulator_of_the_stack_ignores_the_aws_configuration(tmp_path: Path, name: str) -> None:
    """An unknown profile stops boto3. An account's keys and region do not apply."""
    env = {name: "of the user"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert "us-east-1" == settings.aws_region
    assert "of the user" not in env.values()


def test_an_external_emulator_uses_the_environment(tmp_path: Path) -> None:
    """Its keys are those of the environment, else `test`."""
    aws = {"url": "http://127.0.0.1:4567", "pid": None}
    state = _state(tmp_path, os.getpid(), aws=aws)
    external, none = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-central-1"}, dict[str, str]()

    assert "eu-central-1" == target.settings(external, state).aws_region
    target.settings(none, state)

    assert ("mine", None) == (external["AWS_PROFILE"], external.get("AWS_ACCESS_KEY_ID"))
    assert "test" == none["AWS_ACCESS_KEY_ID"]


def test_the_redis_of_the_stack_ignores_settings_of_another(tmp_path: Path) -> None:
    """A fence in another database would have no effect."""
    env = {"REDIS_DB": "3", "REDIS_TLS": "true", "CACHE_ENABLED": "false"}

    settings = target.settings(env, _state(tmp_path, os.getpid()))

    assert (0, False) == (settings.redis_db, settings.redis_tls)
    assert settings.cache_enabled


def test_an_external_redis_uses_the_settings(
    tmp_path: Path,
) -> None:
    """The stack took it from REDIS_HOST, so its other variables apply."""
    state = _state(tmp_path, os.getpid(), redis={"host": "127.0.0.1", "port": 1, "pid": None})

    assert 3 == target.settings({"REDIS_DB": "3"}, state).redis_db


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "1"}', '{"pid": null}'])
def test_an_invalid_state_file_is_ignored(tmp_path: Path, text: str) -> None:
    """Incomplete or foreign."""
    state = tmp_path / "stack.json"
    state.write_text(text)

    assert target.running(state) is None


def test_the_file_of_a_dead_stack_is_ignored(tmp_path: Path) -> None:
    """The environment applies, and missing variables are reported."""
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
