"""What each kind of request counts, in lines that CloudWatch can read."""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from chalicelib.telemetry.metrics import MILLISECONDS
from tests import examples
from tests.cloudwatch import metrics
from tests.doubles import dynamodb as faults
from tests.doubles.api import Api
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import Line, Log, caught
from tests.doubles.recording import Recorder, Table
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_body


@pytest.fixture
def log(api: Api) -> Iterator[Log]:
    """Catch the log as a deployed stage writes it, in a container that has begun to work."""
    with caught(STAGE="prod") as log:
        api.get("/health")
        log.text()
        yield log


def _told(line: Line) -> dict[str, float]:
    """Return what a line counts, and 1 for each time taken, once CloudWatch could read it."""
    metrics.check(line)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"]]
    return {name: 1 if name in MILLISECONDS else line[name] for name in names}


READ = {"DynamoDBCalls": 1, "ReadUnits": 0.5}
"""As moto has it; of DynamoDB itself a consistent read takes a whole unit."""
WRITTEN = {"DynamoDBCalls": 1, "WriteLatency": 1}

OUTCOMES: dict[str, tuple[Callable[[Api], Any], dict[str, float]]] = {
    "miss": (
        lambda api: api.get(f"/products/{SOME_ID}"),
        {"CacheMisses": 1, "MissLatency": 1, **READ},
    ),
    "many misses": (
        lambda api: api.get(f"/products?ids={SOME_ID},{OTHER_ID}"),
        {"CacheMisses": 2, "OtherLatency": 1, "DynamoDBCalls": 1, "ReadUnits": 2},
    ),
    "no id": (lambda api: api.get("/products/x"), {"OtherLatency": 1}),
    "health": (lambda api: api.get("/health"), {"OtherLatency": 1}),
    "documentation": (lambda api: api.get("/openapi.json"), {"OtherLatency": 1}),
    "wrong method": (lambda api: api.delete("/health"), {"WriteLatency": 1}),
    "refused": (lambda api: api.post("/products", "{"), {"WriteLatency": 1}),
    "creation": (lambda api: api.post("/products", a_body()), {**WRITTEN, "WriteUnits": 1}),
    "not there to change": (lambda api: api.patch(f"/products/{SOME_ID}", {"name": "x"}), WRITTEN),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_counts_what_it_did(api: Api, log: Log, outcome: str) -> None:
    """And nothing else: what is nought is not told."""
    call, expected = OUTCOMES[outcome]

    call(api)

    (line,) = log.lines()
    assert ("answered", "prod") == (line["message"], line["Stage"])
    assert expected == _told(line)


def test_hits_are_counted_with_those_that_are_negative(api: Api, log: Log) -> None:
    """A hit asks DynamoDB nothing, so it counts no call."""
    path, created = api.create()
    for each in (path, f"/products/{SOME_ID}"):
        api.get(each)
    log.text()

    api.get(path)
    api.get(f"/products/{SOME_ID}")
    api.get(f"/products?ids={created.json['id']},{SOME_ID}")

    hit, negative, many = map(_told, log.lines())
    assert {"CacheHits": 1, "HitLatency": 1} == hit
    assert {"CacheHits": 1, "NegativeHits": 1, "HitLatency": 1} == negative
    assert {"CacheHits": 2, "NegativeHits": 1, "OtherLatency": 1} == many


def test_an_outage_of_redis_is_counted(api: Api, log: Log, fake_server: Any) -> None:
    """Reads as bypasses, writes as fences lost, and the third failure as the breaker's."""
    path, _ = api.create()
    log.text()
    fake_server.connected = False

    api.get(path)
    api.patch(path, {"name": "Ball"})

    read, written = (_told(each) for each in log.lines() if each["message"] == "answered")
    assert {"CacheBypasses": 1, "BypassLatency": 1, **READ} == read
    assert (1, 1) == (written["FencesLost"], written["BreakerOpened"])


def test_a_fill_that_came_too_late_is_counted(
    api: Api, log: Log, wire: Wire, redis: Recorder
) -> None:
    """A write that comes while a reader loads wipes its lease."""
    catalog = wire(redis=redis).products.catalog
    path, created = api.create()
    log.text()
    load = catalog._load

    def overtaken(product_id: str) -> Any:
        loaded = load(product_id)
        redis.delete(f"product:{created.json['id']}")
        return loaded

    catalog._load = overtaken  # type: ignore[method-assign]
    api.get(path)

    (line,) = log.lines()
    assert 1 == _told(line)["FillsRefused"]


def test_each_try_at_dynamodb_is_counted(api: Api, log: Log, wire: Wire) -> None:
    """A call that is tried again is more than one, and the 503 is a server's error."""
    wire(dynamodb=FailingDynamoDB(faults.THROTTLED))

    api.get(f"/products/{SOME_ID}")

    told = _told(log.lines()[-1])
    assert told["DynamoDBCalls"] > 1
    assert 1 == told["ServerErrors"]


def test_a_container_s_first_line_says_so(api: Api) -> None:
    """Once, and the metric with it."""
    with caught() as log:
        api.get("/health")
        api.get("/health")

        first, second = log.lines()

    assert (True, 1) == (first["cold_start"], first["ColdStarts"])
    assert {"cold_start", "ColdStarts"}.isdisjoint(second)


def test_no_metric_goes_by_a_product(api: Api, log: Log) -> None:
    """The stage is the one dimension, so each metric is paid for once."""
    path, _ = api.create()
    api.get(path)

    sets = [
        directive["Dimensions"]
        for line in log.lines()
        for directive in line["_aws"]["CloudWatchMetrics"]
    ]
    assert [[["Stage"]]] * 2 == sets


@pytest.mark.parametrize("level", ["INFO", "WARNING", "ERROR"])
def test_metrics_do_not_hang_on_the_log_level(api: Api, level: str) -> None:
    """To turn the log down must not blind the alarms."""
    with caught(LOG_LEVEL=level) as log:
        api.get(f"/products/{SOME_ID}")

    assert 1 == _told(log.lines()[0])["CacheMisses"]


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0)])
def test_without_metrics_a_line_is_a_line(api: Api, level: str, lines: int) -> None:
    """METRICS=false: no `_aws`, nothing beside the facts, and the level rules."""
    with caught(METRICS="false", LOG_LEVEL=level) as log:
        api.get(f"/products/{SOME_ID}")

    told = log.lines()
    assert lines == len(told)
    assert {"_aws", "Stage", "CacheMisses"}.isdisjoint({name for line in told for name in line})


def test_text_bears_no_metrics(api: Api) -> None:
    """It is for people."""
    with caught(LOG_FORMAT="text") as log:
        api.get(f"/products/{SOME_ID}")

    (line,) = log.text().splitlines()
    assert "cache=miss" in line
    assert "_aws" not in line
    assert "CacheMisses" not in line


def test_a_batch_of_the_stream_is_a_line(api: Api, log: Log, moto_table: Table) -> None:
    """How many records, which products, how long they had to wait."""
    from app import invalidate

    api.get(f"/products/{SOME_ID}")
    log.lines()
    change = {"Keys": {"id": {"S": SOME_ID}}, "ApproximateCreationDateTime": 1_795_348_800}
    record = {
        "eventID": "1",
        "eventSourceARN": examples.stream_arn(moto_table.name),
        "dynamodb": {**change, "SequenceNumber": "1"},
    }

    invalidate({"Records": [record, record]}, None)

    (line,) = log.lines()
    assert ("invalidated", 2, [SOME_ID]) == (line["message"], line["records"], line["item_ids"])
    assert {"StreamInvalidations": 1, "InvalidationLag": 1} == _told(line)


def test_the_checker_itself_refuses_what_cloudwatch_would() -> None:
    """Else the tests above would show nothing."""
    good = {
        "_aws": {
            "Timestamp": 1,
            "CloudWatchMetrics": [
                {"Namespace": "n", "Dimensions": [["d"]], "Metrics": [{"Name": "m"}]}
            ],
        },
        "d": "x",
        "m": [1, 2.5],
    }
    metrics.check(good)
    for wrong in ({"m": [0] * 101}, {"m": True}, {"m": "1"}, {"d": 1}, {"_aws": {}}):
        with pytest.raises((AssertionError, jsonschema.ValidationError)):
            metrics.check({**good, **wrong})
