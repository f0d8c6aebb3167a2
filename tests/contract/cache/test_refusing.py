"""A Redis that answers reads and refuses writes: its values are not used."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.caching.scripts import FENCE_SCRIPT, FILL_SCRIPT, INVALIDATE_SCRIPT, RELEASE_SCRIPT
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store import RedisStore
from dev.faults import refusing
from dev.faults.refusing import CAUSES, Cause
from dev.stack.servers import Valkey
from tests.doubles.caching import CountingLoader, a_cache
from tests.doubles.recording import RecordingRedis

FENCE = b"W9999999999999:another"
CALLS = {
    "fence": (FENCE_SCRIPT, "mine"),
    "release": (RELEASE_SCRIPT, "mine"),
    "fill": (FILL_SCRIPT, b"Llease", b"Vnew", 1000),
    "invalidate": (INVALIDATE_SCRIPT,),
    "invalidate but a value": (INVALIDATE_SCRIPT, b"Vtext:old"),
}
CONTENTS = [None, b"Vtext:old", b"N", b"Llease", b"Lanother", FENCE, b"garbage", "another type"]


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingRedis]:
    """Start a server that can be made to refuse writes; return its client."""
    with Valkey(options=refusing.OPTIONS) as valkey:
        client = RecordingRedis(host="127.0.0.1", port=valkey.port, socket_timeout=5, protocol=2)
        yield client
        client.close()


@pytest.fixture(params=CAUSES)
def cause(request: pytest.FixtureRequest, server: RecordingRedis) -> Iterator[Cause]:
    """Return each cause of refusal in turn, and end it after the test."""
    server.flushall()
    yield CAUSES[request.param]
    CAUSES[request.param].end(server)


@pytest.fixture
def store(server: RecordingRedis) -> RedisStore:
    """Return the project's store for the server."""
    return RedisStore(server)


def _put(server: RecordingRedis, content: bytes | str | None) -> None:
    if isinstance(content, str):
        server.hset("k", "field", content)
    elif content is not None:
        server.set("k", content)


@pytest.mark.parametrize("call", CALLS)
def test_every_script_raises_for_every_content(
    server: RecordingRedis, store: RedisStore, cause: Cause, call: str
) -> None:
    """Even without a change to make, because a number would count as success."""
    script, *args = CALLS[call]
    for content in CONTENTS:
        server.flushall()
        _put(server, content)
        cause.begin(server)

        with pytest.raises(CacheUnavailable):
            store.run(script, "k", *args)

        cause.end(server)


@pytest.mark.parametrize("call", CALLS)
def test_a_batch_of_scripts_raises(
    server: RecordingRedis, store: RedisStore, cause: Cause, call: str
) -> None:
    """The stream and reads of many keys send batches."""
    script, *args = CALLS[call]
    cause.begin(server)

    with pytest.raises(CacheUnavailable):
        store.run_many(script, [("a", *args), ("b", *args)])


@pytest.mark.parametrize(
    "read", [lambda cache: cache.fetch("k", CountingLoader("new")).item,
             lambda cache: cache.fetch_many(["k"], lambda _: {"k": "new"})["k"]],
    ids=["one", "many"],
)  # fmt: skip
def test_no_value_is_read_from_a_server_that_refuses_fences(
    server: RecordingRedis, cause: Cause, read: Callable[[Cache[str]], str]
) -> None:
    """A refused fence leaves an old entry, so the read loads."""
    cache = a_cache(server)
    cache.fetch("k", CountingLoader("old"))
    cause.begin(server)
    with cache.fenced("k"):
        pass

    assert "new" == read(cache)


@pytest.mark.parametrize("get", [lambda store: store.get("k"), lambda store: store.get_many(["k"])])
def test_the_reason_is_the_error_code_of_redis(
    store: RedisStore, cause: Cause, server: RecordingRedis, get: Callable[[RedisStore], object]
) -> None:
    """The log contains it. (In a script, the code of NOPERM is `ERR`.)"""
    cause.begin(server)

    with pytest.raises(CacheUnavailable, match=cause.error):
        get(store)


def test_the_check_finds_a_server_that_refuses_writes(
    store: RedisStore, server: RecordingRedis, cause: Cause
) -> None:
    """The health check reports it as disconnected."""
    cause.begin(server)

    with pytest.raises(CacheUnavailable):
        store.check("product:health")


def test_a_refused_read_is_a_bypass(server: RecordingRedis, cause: Cause) -> None:
    """Hits return when the refusal ends."""
    cache = a_cache(server)
    cache.fetch("k", CountingLoader("value"))
    cause.begin(server)

    assert Fetched("loaded", Outcome.BYPASS) == cache.fetch("k", CountingLoader("loaded"))
    cause.end(server)
    assert Fetched("value", Outcome.HIT) == cache.fetch("k", CountingLoader("other"))


def test_the_strict_policy_refuses_the_write(server: RecordingRedis, cause: Cause) -> None:
    """Its fence cannot be placed."""
    cause.begin(server)

    with pytest.raises(CacheUnavailable), a_cache(server, strict=True).fenced("k"):
        pytest.fail("the block was entered")
