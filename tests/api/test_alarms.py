"""
Each alarm fires in its state of failure, and in no other.

The tests bring the real app into each state and read the metrics from its log lines. Metrics that
AWS counts itself (responses of the gateway, errors of a function, messages in a queue) are derived
from the app's behaviour.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests import examples
from tests.cloudwatch import metrics
from tests.cloudwatch.metrics import Datapoint
from tests.cloudwatch.stage import ALARMS, NAMES, QUEUE
from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import CapturedLog, capture_log
from tests.doubles.recording import RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID

CONTEXT = SimpleNamespace(aws_request_id="lambda-1")


class DeployedApp:
    """The app as deployed, and the datapoints that CloudWatch has of it."""

    def __init__(
        self, api: ApiClient, wire: Wire, log: CapturedLog, fake_server: Any, table: RecordingTable
    ) -> None:
        self.api = api
        self.wire = wire
        self.redis = fake_server
        self.table = table
        self._log = log
        self._of_aws: list[Datapoint] = []

    def datapoints(self) -> list[Datapoint]:
        """Return the datapoints since the last call."""
        lines = self._log.lines()
        points = metrics.read(lines) + self._of_aws + list(_gateway_metrics(lines))
        self._of_aws = []
        return points

    def stream(self, *records: Mapping[str, Any]) -> None:
        """
        Call the stream function as Lambda does, and count the age of the batch.

        The age is that of the last record, in ms: "Lambda function metrics", AWS Lambda guide.
        """
        from app import invalidate

        age = time.time() - records[-1]["dynamodb"]["ApproximateCreationDateTime"]
        self.count("AWS/Lambda", "IteratorAge", age * 1000, FunctionName=NAMES["Invalidate"])
        with suppress(Exception):
            source = {"eventSourceARN": examples.stream_arn(self.table.name)}
            invalidate({"Records": [record | source for record in records]}, CONTEXT)

    def count(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """Add a datapoint that AWS counts."""
        self._of_aws.append(metrics.of(namespace, name, time.time(), value, **dimensions))


def _gateway_metrics(lines: list[dict[str, Any]]) -> Iterator[Datapoint]:
    """Yield what API Gateway counts of each response, with the function's latency."""
    the_api = {"ApiName": "product-catalog-dev", "Stage": "api"}
    for line in lines:
        if line["message"] == "answered":
            second = line["_aws"]["Timestamp"] / 1000
            failed = float(line["status"] >= 500)
            yield metrics.of("AWS/ApiGateway", "5XXError", second, failed, **the_api)
            yield metrics.of("AWS/ApiGateway", "Latency", second, line["ms"], **the_api)


@pytest.fixture
def stage(
    lambda_module: ModuleType, wire: Wire, fake_server: Any, moto_table: RecordingTable
) -> Iterator[DeployedApp]:
    """Return the app as deployed for the stage `dev`, with its log captured."""
    wire()
    with capture_log(STAGE="dev") as log:
        yield DeployedApp(ApiClient(lambda_module), wire, log, fake_server, moto_table)


def a_record(product_id: str, age_seconds: float = 0.2) -> dict[str, Any]:
    """Return a stream record in Lambda's form."""
    return {
        "eventID": "1",
        "dynamodb": {
            "SequenceNumber": "1",
            "ApproximateCreationDateTime": time.time() - age_seconds,
            "Keys": {"id": {"S": product_id}},
        },
    }


def healthy(stage: DeployedApp) -> None:
    """Make every kind of call, client errors included, more often than any threshold."""
    path, _ = stage.api.create()
    for _ in range(120):
        stage.api.get(path)
    stage.api.patch(path, {"name": "Ball"})
    stage.api.get(f"/products?ids={SOME_ID}")
    stage.api.get("/products")
    stage.api.delete(path)
    stage.api.get(path)
    stage.api.post("/products", "{")
    stage.api.send("DELETE", "/health")
    stage.stream(a_record(SOME_ID))


def switched_off(stage: DeployedApp) -> None:
    """Read with the cache switched off, which is not an error."""
    stage.wire(CACHE_ENABLED="false")
    healthy(stage)


def redis_down(stage: DeployedApp) -> None:
    """Read and write while Redis refuses connections."""
    path, _ = stage.api.create()
    stage.redis.connected = False
    for _ in range(100):
        stage.api.get(path)
    for _ in range(5):
        stage.api.patch(path, {"name": "Ball"})
    stage.stream(a_record(SOME_ID))


def dynamodb_down(stage: DeployedApp) -> None:
    """Read while DynamoDB throttles every call."""
    stage.wire(dynamodb=FailingDynamoDB(faults.THROTTLED), DYNAMODB_RETRY_SECONDS="0")
    for _ in range(5):
        assert 503 == stage.api.get(f"/products/{SOME_ID}").status


def dynamodb_slow(stage: DeployedApp) -> None:
    """Read while DynamoDB takes 1.6 s, in every period that the alarm evaluates."""
    stage.wire(dynamodb=_SlowDynamoDB(stage.table.client))
    stage.api.get(f"/products/{SOME_ID}")


def stream_behind(stage: DeployedApp) -> None:
    """Deliver records that waited for Redis."""
    stage.redis.connected = False
    stage.stream(a_record(SOME_ID, age_seconds=90))


def stream_crashes(stage: DeployedApp) -> None:
    """Make the function fail before it counts a metric, as when it cannot start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.container", None)
        stage.stream(a_record(SOME_ID, age_seconds=90))


def dead_letters(stage: DeployedApp) -> None:
    """
    Add a dead letter. Lambda sends it without the code.

    `tests/deploy/test_deploy_operation.py` covers this with an emulated Lambda.
    """
    stage.count("AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, QueueName=QUEUE)


def throttled(stage: DeployedApp) -> None:
    """
    Add a throttled call. AWS refuses it before it reaches the code.

    `tests/deploy/test_deploy_switch.py` covers this with an emulated Lambda.
    """
    stage.count("AWS/Lambda", "Throttles", 1, FunctionName=NAMES["APIHandler"])


STATES: dict[Callable[[DeployedApp], None], set[str]] = {
    healthy: set(),
    switched_off: set(),
    redis_down: {"CacheOutOfReach", "CircuitOpened", "FencesLost"},
    dynamodb_down: {"ServerErrors"},
    dynamodb_slow: {"Slowness"},
    stream_behind: {"StreamBehind"},
    stream_crashes: {"StreamBehind"},
    dead_letters: {"DeadLetterQueueNotEmpty"},
    throttled: {"Throttled"},
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_state_fires_exactly_its_alarms(
    stage: DeployedApp, state: Callable[[DeployedApp], None]
) -> None:
    """The state lasts for a quarter of an hour."""
    state(stage)

    points = _repeated(stage.datapoints())
    assert STATES[state] == {name for name, alarm in ALARMS.items() if alarm.fires(points)}


def test_every_alarm_fires_in_some_state() -> None:
    """No alarm is untested. The streams of further resources have copies of `StreamBehind`."""
    alarms = {"StreamBehind" if each.startswith("StreamBehind") else each for each in ALARMS}

    assert alarms == set().union(*STATES.values())


def _repeated(points: list[Datapoint]) -> list[Datapoint]:
    """Return the points in three consecutive periods."""
    noon = 1_795_348_800.0
    return [point._replace(second=noon + 300 * n) for point in points for n in range(3)]


class _SlowDynamoDB:
    """Answers after 1.6 s."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_item(self, **request: Any) -> Any:
        time.sleep(1.6)
        return self._client.get_item(**request)
