"""GET /health: the API works without Redis, but not without DynamoDB."""

import fakeredis
import pytest
from botocore.exceptions import NoCredentialsError

from chalicelib.resources import RESOURCES
from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient
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


def test_a_healthy_response(api: ApiClient) -> None:
    """200 with the exact body of the contract."""
    answer = api.get("/health")

    assert (200, HEALTHY) == (answer.status, answer.json)
    assert "application/json" == answer.headers["content-type"]


def test_the_api_is_healthy_without_redis(
    api: ApiClient, fake_server: fakeredis.FakeServer
) -> None:
    """The cache is optional."""
    fake_server.connected = False

    answer = api.get("/health")

    assert (200, {**HEALTHY, "redis": "disconnected"}) == (answer.status, answer.json)


def test_a_redis_that_refuses_writes_is_disconnected(
    api: ApiClient, wire: Wire, real_redis: RecordingRedis
) -> None:
    """A demoted primary answers PING, but cannot store fences."""
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
    api: ApiClient, wire: Wire, real_redis: RecordingRedis
) -> None:
    """A script checks every right that the protocol needs, and stores no key."""
    wire(redis=real_redis)

    with real_redis.commands() as sent:
        api.get("/health")

    assert ["EVAL"] * len(RESOURCES) == sent
    assert [] == real_redis.keys("*")


@pytest.mark.parametrize(
    "error",
    [
        *(faults.UNREACHABLE, faults.TIMED_OUT, faults.THROTTLED, faults.BROKEN),
        *(faults.FORBIDDEN, faults.NOT_TRUSTED, NoCredentialsError(), faults.UNPARSABLE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_api_is_unhealthy_without_dynamodb(
    api: ApiClient, wire: Wire, error: Exception
) -> None:
    """503 for every error of DynamoDB."""
    wire(dynamodb=FailingDynamoDB(error))

    answer = api.get("/health")

    unhealthy = {**HEALTHY, "status": "unhealthy", "dynamodb": "disconnected"}
    assert (503, unhealthy) == (answer.status, answer.json)


def test_head_returns_the_status(api: ApiClient, wire: Wire) -> None:
    """For load balancers that do not read bodies."""
    assert (200, b"") == (api.send("HEAD", "/health").status, api.send("HEAD", "/health").body)
    wire(dynamodb=FailingDynamoDB(faults.UNREACHABLE))
    assert 503 == api.send("HEAD", "/health").status


def test_a_disabled_cache_is_disconnected(api: ApiClient, wire: Wire) -> None:
    """With CACHE_ENABLED=false no request is sent to Redis."""
    wire(CACHE_ENABLED="false")

    assert "disconnected" == api.get("/health").json["redis"]
