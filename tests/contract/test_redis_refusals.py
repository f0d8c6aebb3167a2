"""A Redis that refuses writes is not read, and its connections are closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib import redis_store
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store import RedisStore
from dev.deploy import templates
from dev.stack.servers import Valkey
from tests import examples
from tests.doubles.recording import RecordingRedis

KEY, CHECKED = "product:1", "product:health"
RIGHTS = ["+getex", "+set", "+eval", "+time", "+del", "+ping"]
"""The rights of the store. (The rights of the protocol's scripts are not included.)"""


def _allow(redis: RecordingRedis, *rights: str, keys: str = "product:*") -> None:
    user = ["ACL", "SETUSER", "catalog", "reset", "on", ">p", f"~{keys}", "-@all"]
    redis.execute_command(*user, *rights)


@contextmanager
def _as_a_replica(redis: RecordingRedis) -> Iterator[None]:
    redis.replicaof("127.0.0.1", "1")
    yield
    redis.replicaof("NO", "ONE")


@contextmanager
def _with_too_few_replicas(redis: RecordingRedis) -> Iterator[None]:
    redis.config_set("min-replicas-to-write", 3)
    yield
    redis.config_set("min-replicas-to-write", 0)


@contextmanager
def _with_a_read_only_user(redis: RecordingRedis) -> Iterator[None]:
    _allow(redis, *RIGHTS, "-@write")
    yield
    _allow(redis, *RIGHTS)


WAYS = {
    "READONLY": _as_a_replica,
    "NOREPLICAS": _with_too_few_replicas,
    "NOPERM": _with_a_read_only_user,
}


@pytest.fixture
def store(valkey: Valkey, real_redis: RecordingRedis) -> Iterator[RedisStore]:
    """Return the application's store, with a user that has the required rights."""
    _allow(real_redis, *RIGHTS)
    settings = examples.settings(
        REDIS_HOST="127.0.0.1",
        REDIS_PORT=str(valkey.port),
        REDIS_USERNAME="catalog",
        REDIS_PASSWORD="p",
        REDIS_TIMEOUT_SECONDS="1",
    )
    yield redis_store.connect(settings)
    real_redis.acl_deluser("catalog")


@pytest.fixture(params=WAYS)
def refusal(
    request: pytest.FixtureRequest, store: RedisStore, real_redis: RecordingRedis
) -> Iterator[str]:
    """Make the server refuse writes in each way, with an entry from before."""
    store.add(KEY, b"old", 60_000)
    with WAYS[request.param](real_redis):
        yield request.param


def _connections(redis: RecordingRedis) -> set[str]:
    return {each["id"] for each in redis.client_list() if each["user"] == "catalog"}


@pytest.mark.parametrize(
    "read", [lambda store: store.get(KEY), lambda store: store.get_many([KEY, "product:2"])]
)
def test_a_server_that_refuses_writes_is_not_read(
    store: RedisStore, refusal: str, read: Callable[[RedisStore], object]
) -> None:
    """It has missed fences, so its entries may be old."""
    with pytest.raises(CacheUnavailable, match=f"Refused: {refusal}"):
        read(store)


def test_a_refusal_closes_connections(
    store: RedisStore, refusal: str, real_redis: RecordingRedis
) -> None:
    """The host name may lead to a new primary, so the next command uses a new connection."""
    before = _connections(real_redis)

    for _ in range(2):
        with pytest.raises(CacheUnavailable, match=refusal):
            store.get(KEY)

    assert before
    assert not before & _connections(real_redis)


@pytest.mark.usefixtures("refusal")
def test_the_check_finds_a_server_that_refuses_writes(store: RedisStore) -> None:
    """The health check reports it as disconnected."""
    with pytest.raises(CacheUnavailable, match="Refused"):
        store.check(CHECKED)


def test_a_server_that_accepts_writes_again_is_read(
    store: RedisStore, real_redis: RecordingRedis
) -> None:
    """Immediately."""
    store.add(KEY, b"old", 60_000)
    for refusing in WAYS.values():
        with refusing(real_redis), pytest.raises(CacheUnavailable):
            store.get(KEY)

        assert b"old" == store.get(KEY)


def test_the_check_needs_only_the_required_rights(
    store: RedisStore, real_redis: RecordingRedis
) -> None:
    """One round trip on a key of the products' pattern, which is deleted afterwards."""
    store.check(CHECKED)

    assert [] == real_redis.keys("*")


def test_the_template_gives_these_rights() -> None:
    """And `+get`, for the previous release."""
    access = templates.data()["Mappings"]["Redis"]["User"]["Access"]

    assert {"on", "~product:*", "-@all", "+get", *RIGHTS} == set(access.split())


@pytest.mark.parametrize("right", RIGHTS)
def test_the_check_detects_each_missing_right(
    store: RedisStore, real_redis: RecordingRedis, right: str
) -> None:
    """Without one of them, fences, fills or hits fail."""
    _allow(real_redis, *(each for each in RIGHTS if each != right))

    with pytest.raises(CacheUnavailable, match="Refused"):
        store.check(CHECKED)


def test_the_check_detects_a_missing_key_pattern(
    store: RedisStore, real_redis: RecordingRedis
) -> None:
    """The commands are allowed, but not for the keys of products."""
    _allow(real_redis, *RIGHTS, keys="order:*")

    with pytest.raises(CacheUnavailable, match="Refused"):
        store.check(CHECKED)
