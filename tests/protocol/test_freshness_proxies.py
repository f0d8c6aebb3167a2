"""The proxies inject the faults that they are set to, and no others. With real servers."""

import socket
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.faults.remote import Remote
from dev.faults.rig import FaultRig

TIMEOUT = 0.3
PING = b"*1\r\n$4\r\nPING\r\n"


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start a stack. The tests use its proxies without the API."""
    with FaultRig(stream=False) as rig:
        yield rig


@pytest.fixture(autouse=True)
def no_fault_afterwards(rig: FaultRig) -> Iterator[None]:
    """End every fault."""
    yield
    rig.redis_proxy.tell(mode="pass")
    rig.dynamodb_proxy.tell(mode="pass")


@pytest.fixture
def client(rig: FaultRig) -> redis.Redis:
    """Return a client with one attempt and a short time-out."""
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(port=rig.redis_proxy.port, socket_timeout=TIMEOUT, retry=once)
    client.ping()
    return client


@pytest.fixture
def dynamodb(rig: FaultRig) -> Any:
    """Return a client behind the proxy with one attempt."""
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{rig.dynamodb_proxy.port}",
        aws_access_key_id=rig.emulator.credentials.access_key_id,
        aws_secret_access_key=rig.emulator.credentials.secret_access_key,
        config=Config(read_timeout=1, retries={"total_max_attempts": 1}),
    )


def _put(dynamodb: Any, name: str) -> None:
    dynamodb.put_item(TableName="products", Item={"id": {"S": name}})


def _exists(dynamodb: Any, name: str) -> bool:
    return "Item" in dynamodb.get_item(TableName="products", Key={"id": {"S": name}})


def test_a_proxy_forwards_commands_and_replies(client: redis.Redis) -> None:
    """Of any size."""
    long = b"x" * 300_000
    client.set("long", long)

    assert long == client.get("long")


def test_cut_closes_open_connections_only(rig: FaultRig) -> None:
    """New connections on the same port work."""
    address = ("127.0.0.1", rig.redis_proxy.port)
    with socket.create_connection(address, timeout=10) as old:
        old.sendall(PING)
        assert old.recv(16) == b"+PONG\r\n"
        rig.redis_proxy.tell(mode="cut")

        assert b"" == old.recv(16)
    with socket.create_connection(address, timeout=10) as new:
        new.sendall(PING)

        assert b"+PONG\r\n" == new.recv(16)


def test_drop_forwards_nothing_until_it_ends(rig: FaultRig, client: redis.Redis) -> None:
    """No reply, no closed connection and no effect."""
    client.set("dropped", b"before")
    rig.redis_proxy.tell(mode="drop")
    with pytest.raises(redis.TimeoutError):
        client.set("dropped", b"after")
    rig.redis_proxy.tell(mode="pass")

    assert b"before" == client.get("dropped")


def test_refuse_refuses_connections(rig: FaultRig, client: redis.Redis) -> None:
    """Later the same port answers again."""
    rig.redis_proxy.tell(mode="refuse")
    with pytest.raises(redis.ConnectionError):
        client.ping()
    rig.redis_proxy.tell(mode="pass")

    assert client.ping()


def test_loading_answers_like_redis(rig: FaultRig, client: redis.Redis) -> None:
    """The client raises the error of a Redis that loads its data."""
    rig.redis_proxy.tell(mode="loading")

    with pytest.raises(redis.exceptions.BusyLoadingError):
        client.get("any")


def test_late_commands_take_effect(rig: FaultRig, client: redis.Redis) -> None:
    """The client times out."""
    rig.redis_proxy.tell(mode="late", seconds=TIMEOUT * 2)
    with pytest.raises(redis.TimeoutError):
        client.set("late", b"done")

    assert b"done" == rig.redis.get("late")


def test_lose_drops_one_command_of_a_write(rig: FaultRig, client: redis.Redis) -> None:
    """In turn before and after its effect."""
    rig.redis_proxy.tell(mode="lose", seconds=0)
    script = "return redis.call('INCR', KEYS[1])"
    lost = []
    for token in ("a", "a", "b", "b"):
        try:
            client.eval(script, 1, "count", token)
            lost.append(False)
        except redis.TimeoutError:
            lost.append(True)

    assert [True, False, True, False] == lost
    assert b"3" == rig.redis.get("count")


def test_lose_never_drops_reads(rig: FaultRig, client: redis.Redis) -> None:
    """A lost GET shows nothing about the protocol."""
    rig.redis_proxy.tell(mode="lose", seconds=0)

    assert client.get("missing") is None


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("throttle", "ProvisionedThroughputExceededException"),
        ("fail", "InternalServerError"),
    ],
)
def test_dynamodb_faults_have_the_errors_of_aws(
    rig: FaultRig, dynamodb: Any, mode: str, error: str
) -> None:
    """The client raises the same error."""
    rig.dynamodb_proxy.tell(mode=mode)

    with pytest.raises(ClientError) as raised:
        _put(dynamodb, mode)
    assert error == raised.value.response["Error"]["Code"]


def test_fail_executes_half_of_the_calls(rig: FaultRig, dynamodb: Any) -> None:
    """Some items are stored, some are not."""
    rig.dynamodb_proxy.tell(mode="fail")
    for n in range(20):
        with pytest.raises(ClientError):
            _put(dynamodb, f"half {n}")
    rig.dynamodb_proxy.tell(mode="pass")

    assert 0 < sum(_exists(dynamodb, f"half {n}") for n in range(20)) < 20


def test_a_share_of_0_fails_no_call(rig: FaultRig, dynamodb: Any) -> None:
    """None at a share of 0."""
    rig.dynamodb_proxy.tell(mode="throttle", share=0)

    _put(dynamodb, "stored")


def test_hang_sends_no_response(rig: FaultRig, dynamodb: Any) -> None:
    """The client times out."""
    rig.dynamodb_proxy.tell(mode="hang")

    with pytest.raises(ReadTimeoutError):
        _put(dynamodb, "hung")


def test_slow_calls_succeed(rig: FaultRig, dynamodb: Any) -> None:
    """They take longer."""
    rig.dynamodb_proxy.tell(mode="slow", seconds=0.2)
    _put(dynamodb, "slow")

    assert _exists(dynamodb, "slow")


def test_calls_are_counted_by_operation(rig: FaultRig, dynamodb: Any) -> None:
    """Since the last count."""
    rig.dynamodb_proxy.tell(mode="count")
    _put(dynamodb, "counted")
    _exists(dynamodb, "counted")

    assert {"PutItem": 1, "GetItem": 1} == rig.dynamodb_proxy.tell(mode="count")
    assert {} == rig.dynamodb_proxy.tell(mode="count")


def test_a_proxy_ends_with_its_block() -> None:
    """Its port refuses connections afterwards."""
    with Remote("dev.faults.redis_proxy", 1) as proxy:
        port = proxy.port

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
