"""The proxies inject the faults that the tables of `test_outages.py` do not show."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.faults.rig import FaultRig

TIMEOUT = 0.3
ERRORS = {"throttle": "ProvisionedThroughputExceededException", "fail": "InternalServerError"}


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start a stack. The tests use its proxies without the API."""
    with FaultRig(stream=False) as rig:
        yield rig


@pytest.fixture(autouse=True)
def no_fault_afterwards(rig: FaultRig) -> Iterator[None]:
    """End every fault."""
    yield
    rig.redis_proxy.inject("pass")
    rig.dynamodb_proxy.inject("pass")


@pytest.fixture
def client(rig: FaultRig) -> redis.Redis:
    """Return a client with one attempt and a short time-out."""
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(port=rig.redis_proxy.port(), socket_timeout=TIMEOUT, retry=once)
    client.ping()
    return client


@pytest.fixture
def dynamodb(rig: FaultRig) -> Any:
    """Return a client behind the proxy with one attempt."""
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{rig.dynamodb_proxy.port()}",
        aws_access_key_id=rig.emulator.credentials.access_key_id,
        aws_secret_access_key=rig.emulator.credentials.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def put(dynamodb: Any, name: str) -> None:
    dynamodb.put_item(TableName="products", Item={"id": {"S": name}})


def exists(dynamodb: Any, name: str) -> bool:
    return "Item" in dynamodb.get_item(TableName="products", Key={"id": {"S": name}})


def test_cut_closes_open_connections_only(rig: FaultRig, client: redis.Redis) -> None:
    """New connections on the same port work."""
    with client.client() as old:
        old.ping()
        rig.redis_proxy.cut()

        with pytest.raises(redis.ConnectionError):
            old.ping()
    assert client.ping()


def test_lose_drops_one_command_of_a_write(rig: FaultRig, client: redis.Redis) -> None:
    """In turn before and after its effect. Reads are not lost."""
    rig.redis_proxy.inject("lose", seconds=0)
    lost = []
    for token in ("a", "a", "b", "b"):
        try:
            client.eval("return redis.call('INCR', KEYS[1])", 1, "count", token)
            lost.append(False)
        except redis.TimeoutError:
            lost.append(True)

    assert [True, False, True, False] == lost
    assert b"3" == client.get("count")


def test_late_commands_take_effect(rig: FaultRig, client: redis.Redis) -> None:
    """The client times out. Dropped commands have no effect."""
    for mode in ("late", "drop"):
        rig.redis_proxy.inject(mode, seconds=2 * TIMEOUT)
        with pytest.raises(redis.TimeoutError):
            client.set("k", mode * 100_000)
        rig.redis_proxy.inject("pass")

    assert b"late" * 100_000 == client.get("k")


def test_fail_executes_half_of_the_calls(rig: FaultRig, dynamodb: Any) -> None:
    """Throttled calls are not executed. All have the errors of AWS."""
    for mode, error in ERRORS.items():
        rig.dynamodb_proxy.inject(mode)
        for n in range(20):
            with pytest.raises(ClientError, match=error):
                put(dynamodb, f"{mode} {n}")
    rig.dynamodb_proxy.inject("pass")

    executed = {mode: sum(exists(dynamodb, f"{mode} {n}") for n in range(20)) for mode in ERRORS}
    assert executed["throttle"] == 0 < executed["fail"] < 20


def test_calls_are_counted_by_operation(rig: FaultRig, dynamodb: Any) -> None:
    """Since the last count, also slow ones."""
    rig.dynamodb_proxy.take_calls()
    rig.dynamodb_proxy.inject("slow", seconds=0.2)
    put(dynamodb, "counted")

    assert exists(dynamodb, "counted")
    assert {"PutItem": 1, "GetItem": 1} == rig.dynamodb_proxy.take_calls()
    assert {} == rig.dynamodb_proxy.take_calls()
