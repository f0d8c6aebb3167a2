"""
Each alarm fires on what the code really tells in the state that the alarm is for, and not in calm.

The real app is brought into the state; what its lines bear is read as CloudWatch reads it. What AWS
counts by itself (answers of the gateway, errors of a function, letters of a queue) is derived from
what the app did, as each state says.
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
from tests.doubles.api import Api
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import Log, caught
from tests.doubles.recording import Table
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID

CONTEXT = SimpleNamespace(aws_request_id="lambda-1")


class Stage:
    """The app as it is deployed, and what CloudWatch knows of it."""

    def __init__(self, api: Api, wire: Wire, log: Log, fake_server: Any, table: Table) -> None:
        self.api = api
        self.wire = wire
        self.redis = fake_server
        self.table = table
        self._log = log
        self._of_aws: list[Datapoint] = []

    def datapoints(self) -> list[Datapoint]:
        """Return all that there is since the last time."""
        lines = self._log.lines()
        points = metrics.read(lines) + self._of_aws + list(_of_the_gateway(lines))
        self._of_aws = []
        return points

    def stream(self, *records: Mapping[str, Any]) -> None:
        """
        Call the stream's function as Lambda does, which counts the age of each batch that it sends.

        Of the batch's last record, in ms: source, "Lambda function metrics", AWS Lambda guide.
        """
        from app import invalidate

        age = time.time() - records[-1]["dynamodb"]["ApproximateCreationDateTime"]
        self.counts("AWS/Lambda", "IteratorAge", age * 1000, FunctionName=NAMES["Invalidate"])
        with suppress(Exception):
            source = {"eventSourceARN": examples.stream_arn(self.table.name)}
            invalidate({"Records": [record | source for record in records]}, CONTEXT)

    def counts(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """Note what AWS counts."""
        self._of_aws.append(metrics.of(namespace, name, time.time(), value, **dimensions))


def _of_the_gateway(lines: list[dict[str, Any]]) -> Iterator[Datapoint]:
    """Give what API Gateway counts of each answer; its latency is the function's, and some more."""
    the_api = {"ApiName": "product-catalog-dev", "Stage": "api"}
    for line in lines:
        if line["message"] == "answered":
            second = line["_aws"]["Timestamp"] / 1000
            failed = float(line["status"] >= 500)
            yield metrics.of("AWS/ApiGateway", "5XXError", second, failed, **the_api)
            yield metrics.of("AWS/ApiGateway", "Latency", second, line["ms"], **the_api)


@pytest.fixture
def stage(
    lambda_module: ModuleType, wire: Wire, fake_server: Any, moto_table: Table
) -> Iterator[Stage]:
    """Give the app, its log caught, as the stage `dev`."""
    wire()
    with caught(STAGE="dev") as log:
        yield Stage(Api(lambda_module), wire, log, fake_server, moto_table)


def a_record(product_id: str, age_seconds: float = 0.2) -> dict[str, Any]:
    """Return a stream record as Lambda has it."""
    return {
        "eventID": "1",
        "dynamodb": {
            "SequenceNumber": "1",
            "ApproximateCreationDateTime": time.time() - age_seconds,
            "Keys": {"id": {"S": product_id}},
        },
    }


def calm(stage: Stage) -> None:
    """Use all that there is, with a mistake of a client's, and more reads than any threshold."""
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


def switched_off(stage: Stage) -> None:
    """Read past a cache that the settings want none of: nothing is wrong."""
    stage.wire(CACHE_ENABLED="false")
    calm(stage)


def redis_down(stage: Stage) -> None:
    """Read and write while Redis refuses connections."""
    path, _ = stage.api.create()
    stage.redis.connected = False
    for _ in range(100):
        stage.api.get(path)
    for _ in range(5):
        stage.api.patch(path, {"name": "Ball"})
    stage.stream(a_record(SOME_ID))


def dynamodb_down(stage: Stage) -> None:
    """Ask while DynamoDB throttles every call."""
    stage.wire(dynamodb=FailingDynamoDB(faults.THROTTLED), DYNAMODB_RETRY_SECONDS="0")
    for _ in range(5):
        assert 503 == stage.api.get(f"/products/{SOME_ID}").status


def dynamodb_slow(stage: Stage) -> None:
    """Ask while DynamoDB takes 1.6 s; it lasts for as many periods as the alarm looks at."""
    stage.wire(dynamodb=_Slow(stage.table.client))
    stage.api.get(f"/products/{SOME_ID}")


def stream_behind(stage: Stage) -> None:
    """Have records delivered that wait for Redis."""
    stage.redis.connected = False
    stage.stream(a_record(SOME_ID, age_seconds=90))


def stream_crashes(stage: Stage) -> None:
    """Have the function fail before it can count anything, as it does where it cannot start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.container", None)
        stage.stream(a_record(SOME_ID, age_seconds=90))


def dead_letters(stage: Stage) -> None:
    """
    Have Lambda give a batch up, which it does without the code.

    `tests/deploy/test_deploy_operation.py` has an emulated Lambda do so.
    """
    stage.counts("AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, QueueName=QUEUE)


def throttled(stage: Stage) -> None:
    """
    Have AWS refuse a call, which then does not reach the code: so it is AWS's alone to count.

    `tests/deploy/test_deploy_switch.py` has an emulated Lambda refuse one.
    """
    stage.counts("AWS/Lambda", "Throttles", 1, FunctionName=NAMES["APIHandler"])


STATES: dict[Callable[[Stage], None], set[str]] = {
    calm: set(),
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
def test_just_the_alarms_of_a_state_fire_in_it(
    stage: Stage, state: Callable[[Stage], None]
) -> None:
    """On the datapoints of that state, lasting for a quarter of an hour."""
    state(stage)

    points = _lasting(stage.datapoints())
    assert STATES[state] == {name for name, alarm in ALARMS.items() if alarm.fires(points)}


def test_every_alarm_fires_in_some_state() -> None:
    """No alarm is untested. The streams of further resources have copies of `StreamBehind`."""
    alarms = {"StreamBehind" if each.startswith("StreamBehind") else each for each in ALARMS}

    assert alarms == set().union(*STATES.values())


def _lasting(points: list[Datapoint]) -> list[Datapoint]:
    """Return the points of one period and the same of the next two: the state goes on."""
    noon = 1_795_348_800.0
    return [point._replace(second=noon + 300 * n) for point in points for n in range(3)]


class _Slow:
    """A DynamoDB that answers late."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_item(self, **request: Any) -> Any:
        time.sleep(1.6)
        return self._client.get_item(**request)
