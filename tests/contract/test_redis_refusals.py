"""A Redis that refuses writes is not read, and its connections are closed."""

from collections.abc import Iterator

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
