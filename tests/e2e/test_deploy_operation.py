"""Really deployed, to an emulated AWS: the stream, its failures, limits, logs, alarms."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.deployment import Caller, Site, deployed
from tests.running_stack import eventually


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once; the tests do not take anything down."""
    with deployed(tmp_path_factory.mktemp("logs")) as site:
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Caller:
    """Return who may call everything."""
    return site.caller("shop", "execute-api:Invoke")


def test_a_write_past_the_api_reaches_the_cache_by_the_stream(site: Site, shop: Caller) -> None:
    """DynamoDB's stream, Lambda's mapping and our function delete the key of what has changed."""
    product = shop.create()
    shop.is_cached(product["id"])

    _write(site, product["id"], 7)

    eventually(lambda: not site.knows(product["id"]))
    assert 7 == shop.ask("GET", f"/products/{product['id']}").json["stock_quantity"]


def test_a_record_that_redis_did_not_hear_of_is_delivered_again(site: Site, shop: Caller) -> None:
    """While Redis hangs the stream waits; once it is back, the key goes."""
    product = shop.create()
    shop.is_cached(product["id"])

    site.valkey.signal(signal.SIGSTOP)
    try:
        _write(site, product["id"], 8)
        time.sleep(2)  # for the function to be called, and to fail
    finally:
        site.valkey.signal(signal.SIGCONT)

    eventually(lambda: not site.knows(product["id"]), seconds=60)


def test_failed_records_are_retried_singled_out_and_kept(site: Site) -> None:
    """The mapping is what Chalice alone could not say."""
    functions = site.aws.client("lambda")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]

    assert site.outputs["StreamArn"] == mapping["EventSourceArn"]
    assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
    assert mapping["BisectBatchOnFunctionError"]
    assert (1000, 7200) == (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"])
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert site.outputs["DeadLetterQueueArn"] == queue


def test_the_stage_is_throttled_and_logged(site: Site, shop: Caller) -> None:
    """Limits are the stage's parameters; what functions log ends in groups that end."""
    api = site.aws.client("apigateway")
    stage = api.get_stage(restApiId=site.outputs["RestAPIId"], stageName="api")
    limits = stage["methodSettings"]["*/*"]
    assert (100.0, 200) == (limits["throttlingRateLimit"], limits["throttlingBurstLimit"])

    product = shop.create()
    logs = site.aws.client("logs")
    group = site.outputs["ApiLogGroup"]
    groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert {7} == {each["retentionInDays"] for each in groups}
    eventually(lambda: _logged(logs, group, product["id"]))


def test_somebody_is_told_when_it_goes_wrong(site: Site) -> None:
    """Every alarm of the template is there, on the metrics of this stage."""
    alarms = site.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]

    assert {
        "5XXError",
        "Latency",
        "Throttles",
        "CacheBypasses",
        "BreakerOpened",
        "FencesLost",
        "InvalidationLag",
        "Errors",
        "ApproximateNumberOfMessagesVisible",
    } == {each["MetricName"] for each in alarms}
    ours = [each["Dimensions"] for each in alarms if each["Namespace"] == "product-catalog"]
    assert [[{"Name": "Stage", "Value": "dev"}]] * 4 == ours
    queue = next(each["Dimensions"] for each in alarms if each["Namespace"] == "AWS/SQS")[0]
    assert site.outputs["DeadLetterQueueArn"].endswith(f":{queue['Value']}")


def _logged(logs: Any, group: str, text: str) -> bool:
    events = logs.filter_log_events(logGroupName=group)["events"]
    return any(text in event["message"] for event in events)


def _write(site: Site, product_id: str, stock: int) -> None:
    """Change the item as an operator would, without the API."""
    site.aws.client("dynamodb").update_item(
        TableName=site.outputs["TableName"],
        Key={"id": {"S": product_id}},
        UpdateExpression="SET stock_quantity = :n",
        ExpressionAttributeValues={":n": {"N": str(stock)}},
    )
