"""`make switch`: settings of a deployed stage are changed without deploying, and take effect."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dev.deploy import functions
from dev.deploy.build import ROOT
from dev.deploy.functions import Function
from dev.stack.environment import REGION
from tests.cloudwatch import metrics
from tests.cloudwatch.stage import ALARMS, NAMES
from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed
from tests.running_stack import eventually


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once; each test leaves it as it was."""
    with deployed(tmp_path_factory.mktemp("logs"), WriteAccess="open") as site:
        yield site


@pytest.fixture
def anyone(site: Site) -> Caller:
    """Return a caller without credentials."""
    return Caller(site)


def test_the_cache_goes_off_and_on_again(site: Site, anyone: Caller) -> None:
    """When the command ends, reads go past Redis; what was written meanwhile is seen afterwards."""
    product = anyone.create()
    path = f"/products/{product['id']}"
    assert anyone.is_cached(product["id"])

    done = _run(site, "CACHE=off")
    assert 0 == done.returncode, done.stderr
    assert "CACHE_ENABLED true → false" in done.stdout
    assert "in effect, healthy, Redis disconnected, DynamoDB connected" in done.stdout
    assert "BYPASS" == anyone.ask("GET", path).headers["X-Cache"]
    assert 200 == anyone.ask("PATCH", path, {"stock_quantity": 7}).status
    assert not site.knows(product["id"])

    done = _run(site, "CACHE=on")
    assert 0 == done.returncode, done.stderr
    assert "in effect, healthy, Redis connected, DynamoDB connected" in done.stdout
    assert 7 == anyone.ask("GET", path).json["stock_quantity"]
    assert anyone.is_cached(product["id"])


def test_the_log_level_is_that_of_the_next_lines(site: Site, anyone: Caller) -> None:
    """Both functions have it, and every other setting stays as it was."""
    before = _variables(site)

    done = _run(site, "LOG_LEVEL=ERROR", "LOG_HITS=0.5")

    assert 0 == done.returncode, done.stderr
    changed = {"LOG_LEVEL": "ERROR", "LOG_HITS": "0.5"}
    assert [each | changed for each in before] == _variables(site)
    assert 0 == _run(site, f"LOG_LEVEL={before[0]['LOG_LEVEL']}", "LOG_HITS=1").returncode
    assert before == _variables(site)
    assert 200 == anyone.ask("GET", "/health").status


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Nothing to switch"),
        (["CASH=off"], "'CASH=off' is no switch"),
        (["CACHE"], "'CACHE' is no switch"),
        (["CACHE=maybe"], "CACHE is on or off, not 'maybe'"),
        (["LOG_LEVEL=LOUD"], "LOG_LEVEL must be one of INFO, DEBUG, WARNING, ERROR"),
        (["CACHE=off", "LOG_HITS=0"], "LOG_HITS must be a number from 0.01 to 1.0"),
        (["REDIS_HOST=elsewhere"], "is no switch"),
    ],
)
def test_a_mistake_changes_nothing(site: Site, words: list[str], told: str) -> None:
    """It is told in words, with no traceback and no secret."""
    before = _variables(site)

    done = _run(site, *words)

    assert (1, "") == (done.returncode, done.stdout)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(each["CURSOR_SECRET"] in done.stderr for each in before)
    assert before == _variables(site)


def test_a_stage_that_is_not_there_is_told(site: Site) -> None:
    """By its name."""
    done = _run(site, "CACHE=off", stage="prod")

    assert (1, "Error: No functions of a stage 'prod' are deployed\n") == (
        done.returncode,
        done.stderr,
    )


def test_a_cache_that_the_stage_does_not_have_cannot_be_switched_on(site: Site) -> None:
    """The function would not start; so nothing is changed."""
    client = site.aws.client("lambda")
    name = site.outputs["APIHandlerName"]
    variables = _variables(site)[0]
    bare = {key: value for key, value in variables.items() if key != "REDIS_HOST"}
    _set(client, name, bare | {"CACHE_ENABLED": "false"})
    try:
        done = _run(site, "CACHE=on")
    finally:
        _set(client, name, variables)

    assert 1 == done.returncode
    assert "could not start" in done.stderr
    assert "REDIS_HOST is missing" in done.stderr


def test_a_change_of_somebody_else_s_is_not_undone(site: Site) -> None:
    """Who is overtaken looks again, and changes what there is then."""
    client = _Overtaken(site.aws.client("lambda"), site.outputs["APIHandlerName"])
    before = _variables(site)[0]
    question = functions.Question({}, str)
    function = Function(client, site.outputs["APIHandlerName"], question, poll_seconds=0.05)

    function.change({"LOG_LEVEL": "ERROR"})

    after = _variables(site)[0]
    _set(site.aws.client("lambda"), site.outputs["APIHandlerName"], before)
    assert 1 == client.refusals
    assert before | {"LOG_LEVEL": "ERROR", "LOG_HITS": "0.25"} == after


def test_a_call_that_lambda_refuses_is_one_that_the_alarm_counts(site: Site) -> None:
    """Without room for the function, Lambda answers in its place; AWS counts that as a throttle."""
    client, name = site.aws.client("lambda"), site.outputs["APIHandlerName"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(ClientError) as refusal:
            client.invoke(FunctionName=name, Payload=b"{}")
    finally:
        client.delete_function_concurrency(FunctionName=name)

    assert "TooManyRequestsException" == refusal.value.response["Error"]["Code"]
    throttle = metrics.of("AWS/Lambda", "Throttles", 0, 1, FunctionName=NAMES["APIHandler"])
    assert ALARMS["Throttled"].fires([throttle])


class _Overtaken:
    """Lambda, where somebody else changes the function between our look and our change, once."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self.refusals = 0

    def get_function_configuration(self, **request: Any) -> Any:
        return self._client.get_function_configuration(**request)

    def update_function_configuration(self, **request: Any) -> Any:
        if not self.refusals:
            found = self._client.get_function_configuration(FunctionName=self._name)
            _set(self._client, self._name, found["Environment"]["Variables"] | {"LOG_HITS": "0.25"})
        try:
            return self._client.update_function_configuration(**request)
        except ClientError:
            self.refusals += 1
            raise


def _set(client: Any, name: str, variables: dict[str, str]) -> None:
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    eventually(
        lambda: (
            client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"
        )
    )


def _variables(site: Site) -> list[dict[str, str]]:
    """Return the settings of both functions, the API's first."""
    found = site.aws.client("lambda").list_functions()["Functions"]
    api = site.outputs["APIHandlerName"]
    ordered = sorted(found, key=lambda each: each["FunctionName"] != api)
    return [dict(each["Environment"]["Variables"]) for each in ordered]


def _run(site: Site, *words: str, stage: str = "dev") -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        **site.aws.environment(),
        "AWS_DEFAULT_REGION": REGION,
    }
    program = [sys.executable, "-m", "dev.deploy", "switch", "--stage", stage, *words]
    return subprocess.run(
        program, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )
