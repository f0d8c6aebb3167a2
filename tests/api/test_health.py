"""GET /health: the catalog can work without Redis, but not without DynamoDB."""

import fakeredis
import pytest
from botocore.exceptions import NoCredentialsError

from chalicelib.resources import RESOURCES
from tests.doubles import dynamodb as faults
from tests.doubles.api import Api
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.recording import RecordingRedis
from tests.doubles.wiring import Wire

HEALTHY = {
    "status": "healthy",
    "api": "operational",
    "redis": "connected",
    "cache_fallback": "enabled",
    "dynamodb": "connected",
}


def test_all_is_well(api: Api) -> None:
    """200, to the letter of the contract."""
    answer = api.get("/health")

    assert (200, HEALTHY) == (answer.status, answer.json)
    assert "application/json" == answer.headers["content-type"]


def test_without_redis_it_is_still_healthy(api: Api, fake_server: fakeredis.FakeServer) -> None:
    """The cache is never needed."""
    fake_server.connected = False

    answer = api.get("/health")

    assert (200, {**HEALTHY, "redis": "disconnected"}) == (answer.status, answer.json)


def test_a_redis_that_refuses_writes_is_disconnected(
    api: Api, wire: Wire, real_redis: RecordingRedis
) -> None:
    """A demoted primary answers PING, and is of no use: writes are not fenced there."""
    wire(redis=real_redis)
    connected = api.get("/health").json
    real_redis.replicaof("127.0.0.1", "1")
    try:
        answer = api.get("/health")
    finally:
        real_redis.replicaof("NO", "ONE")

    assert HEALTHY == connected
    assert (200, {**HEALTHY, "redis": "disconnected"}) == (answer.status, answer.json)


def test_the_check_of_redis_costs_one_command_a_resource(
    api: Api, wire: Wire, real_redis: RecordingRedis
) -> None:
    """A script tries all that the protocol needs, and leaves no key behind."""
    wire(redis=real_redis)

    with real_redis.commands() as sent:
        api.get("/health")

    assert ["EVAL"] * len(RESOURCES) == sent
    assert [] == real_redis.keys("*")


@pytest.mark.parametrize(
    "error",
    [
        *(faults.OUT_OF_REACH, faults.TIMED_OUT, faults.THROTTLED, faults.BROKEN),
        *(faults.FORBIDDEN, faults.NOT_TRUSTED, NoCredentialsError(), faults.UNPARSABLE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_dynamodb_it_is_not(api: Api, wire: Wire, error: Exception) -> None:
    """503 for whatever reason DynamoDB does not answer."""
    wire(dynamodb=FailingDynamoDB(error))

    answer = api.get("/health")

    unhealthy = {**HEALTHY, "status": "unhealthy", "dynamodb": "disconnected"}
    assert (503, unhealthy) == (answer.status, answer.json)


def test_head_tells_the_status(api: Api, wire: Wire) -> None:
    """For load balancers that do not read bodies."""
    assert (200, b"") == (api.send("HEAD", "/health").status, api.send("HEAD", "/health").body)
    wire(dynamodb=FailingDynamoDB(faults.OUT_OF_REACH))
    assert 503 == api.send("HEAD", "/health").status


def test_it_tells_that_redis_is_not_used(api: Api, wire: Wire) -> None:
    """With CACHE_ENABLED=false no Redis is asked."""
    wire(CACHE_ENABLED="false")

    assert "disconnected" == api.get("/health").json["redis"]
