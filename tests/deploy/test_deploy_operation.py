"""Really deployed, to an emulated AWS: the stream, its failures, limits, logs, alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.deploy.caller import Caller
from tests.deploy.deployment import Site
from tests.running_stack import eventually


def test_a_write_past_the_api_reaches_the_cache_by_the_stream(site: Site, shop: Caller) -> None:
    """DynamoDB's stream, Lambda's mapping and our function delete the key of what has changed."""
    assert site.hears_of_edits(shop)


def test_what_was_written_while_redis_refused_is_invalidated_after_it(
    site: Site, shop: Caller
) -> None:
    """The function raises, and Lambda delivers the batch again until it does not."""
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


def test_records_wait_for_a_function_that_fails(site: Site, shop: Caller) -> None:
    """A function that cannot start loses nothing: once it can, the key goes."""
    product_id = shop.create()["id"]
    shop.is_cached(product_id)

    with _broken(site):
        site.edit(product_id, 8)
        eventually(lambda: "FAILED" in site.mapping()["LastProcessingResult"])
        assert site.knows(product_id)

    eventually(lambda: not site.knows(product_id), seconds=60)


def test_records_that_waited_too_long_are_dead_letters(site: Site, shop: Caller) -> None:
    """They stand in the queue, by their place in the stream, and hold nothing else up."""
    with _broken(site), _impatient(site):
        site.edit(shop.create()["id"], 9)
        letter = _letter(site)

    assert "MaxRecordAgeExceeded" == letter["requestContext"]["condition"]
    assert site.outputs["ProductsStreamArn"] == letter["DDBStreamBatchInfo"]["streamArn"]
    assert site.hears_of_edits(shop)


def test_failed_records_are_retried_and_kept(site: Site) -> None:
    """The mapping is what Chalice alone could not say."""
    mapping = site.mapping()

    assert site.outputs["ProductsStreamArn"] == mapping["EventSourceArn"]
    assert not mapping.get("FunctionResponseTypes")
    assert not mapping.get("BisectBatchOnFunctionError")
    assert (-1, 82800) == (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"])
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert site.outputs["DeadLetterQueueArn"] == queue


def test_the_stage_is_throttled_and_logged(site: Site, shop: Caller) -> None:
    """Limits are the stage's parameters; what functions log ends in groups that end."""
    assert (100.0, 200) == site.limits()

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
    """Keep the stream's function from starting, by a setting that breaks its rule."""
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
    """Have Lambda give a record up after a second."""
    functions, where = site.aws.client("lambda"), site.mapping()
    functions.update_event_source_mapping(UUID=where["UUID"], MaximumRecordAgeInSeconds=1)
    try:
        yield
    finally:
        age = where["MaximumRecordAgeInSeconds"]
        functions.update_event_source_mapping(UUID=where["UUID"], MaximumRecordAgeInSeconds=age)


def _letter(site: Site) -> Any:
    """Return a letter of the dead-letter queue, waiting for one."""
    sqs = site.aws.client("sqs")
    name = site.outputs["DeadLetterQueueArn"].rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found: list[Any] = []
    eventually(lambda: found.extend(_received(sqs, url)) or found, seconds=60)
    return json.loads(found[0]["Body"])


def _received(sqs: Any, url: str) -> list[Any]:
    return list(sqs.receive_message(QueueUrl=url).get("Messages", []))
