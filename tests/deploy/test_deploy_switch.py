"""`make switch` changes settings of a deployed stage, and they take effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dev.deploy import functions
from tests.cloudwatch import metrics
from tests.cloudwatch.stage import ALARMS, NAMES
from tests.deploy.caller import Caller
from tests.deploy.deployment import STAGE, Site, deployed, run
from tests.running_stack import eventually


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once. Each test restores what it changes."""
    with deployed(tmp_path_factory.mktemp("logs"), WriteAccess="open") as site:
        yield site


@pytest.fixture
def anyone(site: Site) -> Caller:
    """Return a caller without credentials."""
    return Caller(site)


def test_the_cache_goes_off_and_on_again(site: Site, anyone: Caller) -> None:
    """When the command ends, reads bypass Redis. Later reads return what was written meanwhile."""
    product = anyone.create()
    path = f"/products/{product['id']}"
    assert anyone.is_cached(product["id"])

    done = run(site.aws, "switch", "CACHE=off")
    assert 0 == done.returncode, done.stderr
    assert "CACHE_ENABLED true → false" in done.stdout
    assert "in effect, healthy, Redis disconnected, DynamoDB connected" in done.stdout
    assert "BYPASS" == anyone.ask("GET", path).headers["X-Cache"]
    assert 200 == anyone.ask("PATCH", path, {"stock_quantity": 7}).status
    assert not site.knows(product["id"])

    done = run(site.aws, "switch", "CACHE=on")
    assert 0 == done.returncode, done.stderr
    assert "in effect, healthy, Redis connected, DynamoDB connected" in done.stdout
    assert 7 == anyone.ask("GET", path).json["stock_quantity"]
    assert anyone.is_cached(product["id"])


def test_a_switch_changes_both_functions_and_no_other_setting(site: Site, anyone: Caller) -> None:
    """The log level is used by the next lines."""
    before = _variables(site)

    done = run(site.aws, "switch", "LOG_LEVEL=ERROR", "LOG_HITS=0.5")

    assert 0 == done.returncode, done.stderr
    changed = {"LOG_LEVEL": "ERROR", "LOG_HITS": "0.5"}
    assert [each | changed for each in before] == _variables(site)
    back = (f"LOG_LEVEL={before[0]['LOG_LEVEL']}", "LOG_HITS=1")
    assert 0 == run(site.aws, "switch", *back).returncode
    assert before == _variables(site)
    assert 200 == anyone.ask("GET", "/health").status


def test_a_stage_that_is_not_deployed_is_named(site: Site) -> None:
    """In one line."""
    done = run(site.aws, "switch", "CACHE=off", stage="prod")

    message = "Error: No functions of a stage 'prod' are deployed\n"
    assert (1, message) == (done.returncode, done.stderr)


def test_a_stage_without_a_cache_cannot_switch_it_on(site: Site) -> None:
    """The function could not start, so no setting changes. The message contains no secret."""
    client, name = site.aws.client("lambda"), site.outputs["APIHandlerName"]
    variables = _variables(site)[0]
    bare = {key: value for key, value in variables.items() if key != "REDIS_HOST"}
    bare["CACHE_ENABLED"] = "false"
    _set(client, name, bare)
    try:
        done = run(site.aws, "switch", "CACHE=on")
        assert bare == _variables(site)[0]
    finally:
        _set(client, name, variables)

    assert (1, "") == (done.returncode, done.stdout)
    assert "could not start" in done.stderr
    assert "REDIS_HOST is missing" in done.stderr
    assert variables["CURSOR_SECRET"] not in done.stderr


def test_a_concurrent_change_is_not_undone(site: Site) -> None:
    """After a change by another client Lambda refuses ours, and the switch reads again."""
    before = _variables(site)[0]
    name = site.outputs["APIHandlerName"]
    client = site.aws.client("lambda")
    other, others = site.aws.client("lambda"), [{"LOG_HITS": "0.25"}]

    def change_first(**_: Any) -> None:
        if others:
            _set(other, name, before | others.pop())

    client.meta.events.register("before-call.lambda.UpdateFunctionConfiguration", change_first)
    question = functions.Question({}, str)
    functions.Function(client, name, question, poll_seconds=0.05).change({"LOG_LEVEL": "ERROR"})

    after = _variables(site)[0]
    _set(other, name, before)
    assert before | {"LOG_LEVEL": "ERROR", "LOG_HITS": "0.25"} == after


def test_a_throttled_invocation_is_one_that_the_alarm_counts(site: Site) -> None:
    """Without concurrency, Lambda refuses the call, which AWS counts as a throttle."""
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


def _set(client: Any, name: str, variables: dict[str, str]) -> None:
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    eventually(
        lambda: (
            client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"
        )
    )


def _variables(site: Site) -> list[dict[str, str]]:
    """Return the settings of both functions, the API's first."""
    return [function.variables() for function in functions.of_stage(site.clients, STAGE)]
