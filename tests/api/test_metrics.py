"""The metrics of each kind of request, in log lines that CloudWatch can read."""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from chalicelib.telemetry.metrics import MILLISECONDS
from tests import examples
from tests.cloudwatch import metrics
from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import CapturedLog, Line, capture_log
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_body


@pytest.fixture
def log(api: ApiClient) -> Iterator[CapturedLog]:
    """Capture the log of a deployed stage, after the cold start."""
    with capture_log(STAGE="prod") as log:
        api.get("/health")
        log.text()
        yield log


def _counted(line: Line) -> dict[str, float]:
    """Return the line's counts, and 1 for each latency. Check that CloudWatch can read it."""
    metrics.check(line)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"]]
    return {name: 1 if name in MILLISECONDS else line[name] for name in names}


READ = {"DynamoDBCalls": 1, "ReadUnits": 0.5}
"""Moto's units. In DynamoDB a consistent read takes a whole unit."""
WRITTEN = {"DynamoDBCalls": 1, "WriteLatency": 1}

OUTCOMES: dict[str, tuple[Callable[[ApiClient], Any], dict[str, float]]] = {
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
    "update of a missing product": (
        lambda api: api.patch(f"/products/{SOME_ID}", {"name": "x"}),
        WRITTEN,
    ),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_has_its_metrics(api: ApiClient, log: CapturedLog, outcome: str) -> None:
    """Zero values are not emitted."""
    call, expected = OUTCOMES[outcome]

    call(api)

    (line,) = log.lines()
    assert ("answered", "prod") == (line["message"], line["Stage"])
    assert expected == _counted(line)


def test_hits_include_negative_hits(api: ApiClient, log: CapturedLog) -> None:
    path, created = api.create()
    for each in (path, f"/products/{SOME_ID}"):
        api.get(each)
    log.text()

    api.get(path)
    api.get(f"/products/{SOME_ID}")
    api.get(f"/products?ids={created.json['id']},{SOME_ID}")

    hit, negative, many = map(_counted, log.lines())
    assert {"CacheHits": 1, "HitLatency": 1} == hit
    assert {"CacheHits": 1, "NegativeHits": 1, "HitLatency": 1} == negative
    assert {"CacheHits": 2, "NegativeHits": 1, "OtherLatency": 1} == many


def test_an_outage_of_redis_is_counted(api: ApiClient, log: CapturedLog, fake_server: Any) -> None:
    """Reads count as bypasses, writes as lost fences, and the third failure opens the breaker."""
    path, _ = api.create()
    log.text()
    fake_server.connected = False

    api.get(path)
    api.patch(path, {"name": "Ball"})

    read, written = (_counted(each) for each in log.lines() if each["message"] == "answered")
    assert {"CacheBypasses": 1, "BypassLatency": 1, **READ} == read
    assert (1, 1) == (written["FencesLost"], written["BreakerOpened"])


def test_a_refused_fill_is_counted(
    api: ApiClient, log: CapturedLog, wire: Wire, redis: Recorder
) -> None:
    """A write during a load deletes the reader's lease."""
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
    assert 1 == _counted(line)["FillsRefused"]


def test_each_attempt_at_dynamodb_is_counted(api: ApiClient, log: CapturedLog, wire: Wire) -> None:
    """A retried call counts each attempt, and the 503 counts as a server error."""
    wire(dynamodb=FailingDynamoDB(faults.THROTTLED))

    api.get(f"/products/{SOME_ID}")

    counts = _counted(log.lines()[-1])
    assert counts["DynamoDBCalls"] > 1
    assert 1 == counts["ServerErrors"]


def test_the_first_line_of_a_container_is_a_cold_start(api: ApiClient) -> None:
    with capture_log() as log:
        api.get("/health")
        api.get("/health")

        first, second = log.lines()

    assert (True, 1) == (first["cold_start"], first["ColdStarts"])
    assert {"cold_start", "ColdStarts"}.isdisjoint(second)


def test_the_stage_is_the_only_dimension(api: ApiClient, log: CapturedLog) -> None:
    """More dimensions would cost more."""
    path, _ = api.create()
    api.get(path)

    sets = [
        directive["Dimensions"]
        for line in log.lines()
        for directive in line["_aws"]["CloudWatchMetrics"]
    ]
    assert [[["Stage"]]] * 2 == sets


@pytest.mark.parametrize("level", ["INFO", "WARNING", "ERROR"])
def test_metrics_do_not_depend_on_the_log_level(api: ApiClient, level: str) -> None:
    """The alarms work at every log level."""
    with capture_log(LOG_LEVEL=level) as log:
        api.get(f"/products/{SOME_ID}")

    assert 1 == _counted(log.lines()[0])["CacheMisses"]


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0)])
def test_metrics_can_be_switched_off(api: ApiClient, level: str, lines: int) -> None:
    """With METRICS=false lines have no `_aws`, and the log level applies."""
    with capture_log(METRICS="false", LOG_LEVEL=level) as log:
        api.get(f"/products/{SOME_ID}")

    written = log.lines()
    assert lines == len(written)
    assert {"_aws", "Stage", "CacheMisses"}.isdisjoint({name for line in written for name in line})


def test_text_lines_have_no_metrics(api: ApiClient) -> None:
    """The text format is for developers."""
    with capture_log(LOG_FORMAT="text") as log:
        api.get(f"/products/{SOME_ID}")

    (line,) = log.text().splitlines()
    assert "cache=miss" in line
    assert "_aws" not in line
    assert "CacheMisses" not in line


def test_a_stream_batch_is_one_line(
    api: ApiClient, log: CapturedLog, moto_table: RecordingTable
) -> None:
    """It has the number of records, the product ids and the delay."""
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
    assert {"StreamInvalidations": 1, "InvalidationLag": 1} == _counted(line)


def test_the_checker_refuses_invalid_lines() -> None:
    """The other tests depend on it."""
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
