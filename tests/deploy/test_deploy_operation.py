"""Deployed to an emulated AWS: the stream, its failures, limits, logs, alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.deploy.caller import Caller
from tests.deploy.deployment import Site
from tests.running_stack import eventually


def test_changes_that_redis_refused_are_invalidated_later(site: Site, shop: Caller) -> None:
    """The function raises, and Lambda delivers the batch again until it succeeds."""
    product_id, user = shop.create()["id"], site.outputs["RedisUsername"]
    shop.is_cached(product_id)

    site.redis.execute_command("ACL", "SETUSER", user, "-eval")
    try:
        site.edit(product_id, 7)
        eventually(lambda: "FAILED" in site.mapping()["LastProcessingResult"])
        assert site.knows(product_id)
    finally:
        site.redis.execute_command("ACL", "SETUSER", user, "+eval")

    eventually(lambda: not site.knows(product_id), seconds=60)


def test_records_that_are_too_old_are_dead_letters(site: Site, shop: Caller) -> None:
    """The queue has their place in the stream. Later records are processed."""
    with _broken(site), _impatient(site):
        site.edit(shop.create()["id"], 9)
        letter = _letter(site)

    assert "MaxRecordAgeExceeded" == letter["requestContext"]["condition"]
    assert site.outputs["ProductsStreamArn"] == letter["DDBStreamBatchInfo"]["streamArn"]
    assert site.hears_of_edits(shop)


def test_failed_records_are_retried_and_kept(site: Site) -> None:
    """The mapping has what Chalice alone cannot express."""
    mapping = site.mapping()

    assert site.outputs["ProductsStreamArn"] == mapping["EventSourceArn"]
    assert not mapping.get("FunctionResponseTypes")
    assert not mapping.get("BisectBatchOnFunctionError")
    assert (-1, 82800) == (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"])
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert site.outputs["DeadLetterQueueArn"] == queue


def test_the_stage_is_throttled_and_logged(site: Site, shop: Caller) -> None:
    """The limits are parameters. The functions' log groups have a retention."""
    assert (100.0, 200) == site.limits()

    product = shop.create()
    logs = site.aws.client("logs")
    group = site.outputs["ApiLogGroup"]
    groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert {7} == {each["retentionInDays"] for each in groups}
    eventually(lambda: _logged(logs, group, product["id"]))


def test_every_alarm_is_created(site: Site) -> None:
    """Each is on the metrics of this stage."""
    alarms = site.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]

    assert {
        "5XXError",
        "Latency",
        "Throttles",
        "CacheBypasses",
        "BreakerOpened",
        "FencesLost",
        "IteratorAge",
        "ApproximateNumberOfMessagesVisible",
    } == {each["MetricName"] for each in alarms}
    ours = [each["Dimensions"] for each in alarms if each["Namespace"] == "product-catalog"]
    assert [[{"Name": "Stage", "Value": "dev"}]] * 3 == ours
    queue = next(each["Dimensions"] for each in alarms if each["Namespace"] == "AWS/SQS")[0]
    assert site.outputs["DeadLetterQueueArn"].endswith(f":{queue['Value']}")


def _logged(logs: Any, group: str, text: str) -> bool:
    events = logs.filter_log_events(logGroupName=group)["events"]
    return any(text in event["message"] for event in events)


@contextmanager
def _broken(site: Site) -> Iterator[None]:
    """Keep the stream's function from starting, by an invalid setting."""
    functions, name = site.aws.client("lambda"), site.mapping()["FunctionArn"]
    settings = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    _set(functions, name, settings | {"CACHE_TTL_SECONDS": "none"})
    try:
        yield
    finally:
        _set(functions, name, settings)


def _set(functions: Any, name: str, settings: dict[str, str]) -> None:
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": settings})


@contextmanager
def _impatient(site: Site) -> Iterator[None]:
    """Have Lambda discard a record after a second."""
    functions, where = site.aws.client("lambda"), site.mapping()
    functions.update_event_source_mapping(UUID=where["UUID"], MaximumRecordAgeInSeconds=1)
    try:
        yield
    finally:
        age = where["MaximumRecordAgeInSeconds"]
        functions.update_event_source_mapping(UUID=where["UUID"], MaximumRecordAgeInSeconds=age)


def _letter(site: Site) -> Any:
    """Wait for a message in the dead-letter queue, and return it."""
    sqs = site.aws.client("sqs")
    name = site.outputs["DeadLetterQueueArn"].rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found: list[Any] = []

    def is_received() -> bool:
        found.extend(sqs.receive_message(QueueUrl=url).get("Messages", []))
        return bool(found)

    eventually(is_received, seconds=60)
    return json.loads(found[0]["Body"])
