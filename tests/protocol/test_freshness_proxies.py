"""The proxies fail in the ways that they are told to, and in no other. Against real servers."""

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
    """Start a stack whose proxies the tests talk to, past the API."""
    with FaultRig(stream=False) as rig:
        yield rig


@pytest.fixture(autouse=True)
def all_is_well_after(rig: FaultRig) -> Iterator[None]:
    """Take every fault off."""
    yield
    rig.redis_proxy.tell(mode="pass")
    rig.dynamodb_proxy.tell(mode="pass")


@pytest.fixture
def client(rig: FaultRig) -> redis.Redis:
    """Connect a client that tries once, and not for long."""
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(port=rig.redis_proxy.port, socket_timeout=TIMEOUT, retry=once)
    client.ping()
    return client


@pytest.fixture
def dynamodb(rig: FaultRig) -> Any:
    """Connect a client that tries once, behind the proxy."""
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


def _is_there(dynamodb: Any, name: str) -> bool:
    return "Item" in dynamodb.get_item(TableName="products", Key={"id": {"S": name}})


def test_a_proxy_passes_on_what_it_is_sent(client: redis.Redis) -> None:
    """Commands of any size, and their replies."""
    long = b"x" * 300_000
    client.set("long", long)

    assert long == client.get("long")


def test_a_cut_closes_connections_and_lets_new_ones_in(rig: FaultRig) -> None:
    """The old connection ends; on the same port there are new ones."""
    address = ("127.0.0.1", rig.redis_proxy.port)
    with socket.create_connection(address, timeout=10) as old:
        old.sendall(PING)
        assert old.recv(16) == b"+PONG\r\n"
        rig.redis_proxy.tell(mode="cut")

        assert b"" == old.recv(16)
    with socket.create_connection(address, timeout=10) as new:
        new.sendall(PING)

        assert b"+PONG\r\n" == new.recv(16)


def test_a_drop_is_silence_until_it_ends(rig: FaultRig, client: redis.Redis) -> None:
    """No reply, no closed connection, and no effect; afterwards all is well."""
    client.set("dropped", b"before")
    rig.redis_proxy.tell(mode="drop")
    with pytest.raises(redis.TimeoutError):
        client.set("dropped", b"after")
    rig.redis_proxy.tell(mode="pass")

    assert b"before" == client.get("dropped")


def test_nobody_listens_while_it_refuses(rig: FaultRig, client: redis.Redis) -> None:
    """A connection is refused at once; later the same port answers again."""
    rig.redis_proxy.tell(mode="refuse")
    with pytest.raises(redis.ConnectionError):
        client.ping()
    rig.redis_proxy.tell(mode="pass")

    assert client.ping()


def test_loading_is_what_redis_says(rig: FaultRig, client: redis.Redis) -> None:
    """The client takes it for a Redis that reads its data from disk."""
    rig.redis_proxy.tell(mode="loading")

    with pytest.raises(redis.exceptions.BusyLoadingError):
        client.get("any")


def test_late_replies_come_of_commands_that_took_effect(rig: FaultRig, client: redis.Redis) -> None:
    """The client gives up, and what it asked for is done."""
    rig.redis_proxy.tell(mode="late", seconds=TIMEOUT * 2)
    with pytest.raises(redis.TimeoutError):
        client.set("late", b"done")

    assert b"done" == rig.redis.get("late")


def test_losses_go_by_turns_and_never_take_two_commands_of_a_write(
    rig: FaultRig, client: redis.Redis
) -> None:
    """One command of a write is lost, before its effect; one of the next write, after it."""
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


def test_reads_are_never_lost(rig: FaultRig, client: redis.Redis) -> None:
    """A lost GET would tell nothing of the protocol."""
    rig.redis_proxy.tell(mode="lose", seconds=0)

    assert client.get("nothing") is None


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("throttle", "ProvisionedThroughputExceededException"),
        ("fail", "InternalServerError"),
    ],
)
def test_dynamodb_fails_as_aws_does(rig: FaultRig, dynamodb: Any, mode: str, error: str) -> None:
    """The client reads the same error as from AWS."""
    rig.dynamodb_proxy.tell(mode=mode)

    with pytest.raises(ClientError) as raised:
        _put(dynamodb, mode)
    assert error == raised.value.response["Error"]["Code"]


def test_half_of_the_failures_took_effect(rig: FaultRig, dynamodb: Any) -> None:
    """InternalServerError tells nothing of what was done: some items are there, some are not."""
    rig.dynamodb_proxy.tell(mode="fail")
    for n in range(20):
        with pytest.raises(ClientError):
            _put(dynamodb, f"half {n}")
    rig.dynamodb_proxy.tell(mode="pass")

    assert 0 < sum(_is_there(dynamodb, f"half {n}") for n in range(20)) < 20


def test_a_share_of_the_calls_fails(rig: FaultRig, dynamodb: Any) -> None:
    """None at a share of 0."""
    rig.dynamodb_proxy.tell(mode="throttle", share=0)

    _put(dynamodb, "spared")


def test_a_call_that_hangs_is_never_answered(rig: FaultRig, dynamodb: Any) -> None:
    """The client times out."""
    rig.dynamodb_proxy.tell(mode="hang")

    with pytest.raises(ReadTimeoutError):
        _put(dynamodb, "hung")


def test_slow_calls_are_answered(rig: FaultRig, dynamodb: Any) -> None:
    """They take longer, and that is all."""
    rig.dynamodb_proxy.tell(mode="slow", seconds=0.2)
    _put(dynamodb, "slow")

    assert _is_there(dynamodb, "slow")


def test_calls_are_counted_by_operation(rig: FaultRig, dynamodb: Any) -> None:
    """Since the last count."""
    rig.dynamodb_proxy.tell(mode="count")
    _put(dynamodb, "counted")
    _is_there(dynamodb, "counted")

    assert {"PutItem": 1, "GetItem": 1} == rig.dynamodb_proxy.tell(mode="count")
    assert {} == rig.dynamodb_proxy.tell(mode="count")


def test_a_proxy_ends_with_its_block() -> None:
    """Nobody listens on its port any more."""
    with Remote("dev.faults.redis_proxy", 1) as proxy:
        port = proxy.port

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
