"""Mistakes in a command are refused in one line, before anything is packed or AWS is called."""

import sys

import pytest
from click.testing import CliRunner

from dev.deploy import runtime, settings, stages, templates
from dev.deploy.__main__ import cli

STAGES = ("dev", "prod", "emulator")
_MINOR = sys.version_info.minor
_SWITCHES = "there are CACHE, METRICS, CACHE_NEGATIVE_TTL_SECONDS"


@pytest.fixture(autouse=True)
def _supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "LAMBDA_MINORS", range(_MINOR, _MINOR + 1))


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("up", ["--stage", "production"], "No stage 'production' in infra/stages.yaml: dev, prod"),
        ("up", ["--stage", ""], "No stage '' in infra/stages.yaml: dev,"),
        ("up", ["RedisHots=x"], "No such parameter: RedisHots"),
        ("up", ["RedisHost"], "Name=Value"),
        ("package", ["WriteAccess=public"], "WRITE_ACCESS must be one of iam, cognito, key, open"),
        ("package", ["ReadAccess=cognito"], "COGNITO_POOL_ARN is missing"),
        ("package", ["--architecture", "riscv"], "'riscv' is not one of 'arm64', 'x86_64'"),
        ("switch", ["CACHE=off", "--stage", "production"], "No stage 'production'"),
        ("switch", [], _SWITCHES),
        ("switch", ["CASH=off"], f"'CASH=off' is no switch; {_SWITCHES}"),
        ("switch", ["CACHE"], "'CACHE' is no switch"),
        ("switch", ["REDIS_HOST=elsewhere"], "is no switch"),
        ("switch", ["CACHE=maybe"], "CACHE is on or off, not 'maybe'"),
        ("switch", ["LOG_LEVEL=LOUD"], "LOG_LEVEL must be one of INFO, DEBUG, WARNING, ERROR"),
        ("switch", ["CACHE=off", "LOG_HITS=7"], "LOG_HITS must be a number from 0.01 to 1.0"),
    ],
)
def test_a_mistake_is_refused(command: str, words: list[str], message: str) -> None:
    """The message names the mistake and what is possible instead."""
    result = CliRunner().invoke(cli, [command, *words])

    assert result.exit_code
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("supported", [range(_MINOR + 1, 15), range(3, _MINOR)])
def test_an_unsupported_python_is_refused(
    monkeypatch: pytest.MonkeyPatch, supported: range
) -> None:
    """The line names this Python, the supported ones, and the command to use instead."""
    monkeypatch.setattr(runtime, "LAMBDA_MINORS", supported)

    result = CliRunner().invoke(cli, ["up", "--stage", "prod"])

    (line,) = result.stderr.splitlines()
    assert 1 == result.exit_code
    assert all(each in line for each in (f"3.{_MINOR}", "3.12 to 3.14", "make VENV="))


def test_a_parameter_can_contain_an_equals_sign() -> None:
    """Only the first one ends the name."""
    assert {"RedisHost": "a=b"} == stages.given(["RedisHost=a=b"])


def test_a_package_cannot_be_deployed_with_other_access() -> None:
    """A template that was packed open cannot be deployed as one that requires signatures."""
    app = templates.app()
    settings.pin(app, {"WriteAccess": "key"})

    pinned = {name: app["Parameters"][name] for name in settings.ACCESS}
    assert ["key"] == pinned["WriteAccess"]["AllowedValues"]
    assert ["open"] == pinned["ReadAccess"]["AllowedValues"]
    assert all([each["Default"]] == each["AllowedValues"] for each in pinned.values())


def test_every_stage_sets_only_parameters_that_exist() -> None:
    """`make deploy-local` does not check those of its stage."""
    for name in STAGES:
        stages.check(stages.read(name), (templates.data(), templates.app()))


def test_only_the_stage_of_the_emulator_is_open_to_writes() -> None:
    """The default is a signature."""
    assert "iam" == templates.app()["Parameters"]["WriteAccess"]["Default"]
    assert {"emulator"} == {
        name for name in STAGES if stages.read(name).get("WriteAccess") == "open"
    }
