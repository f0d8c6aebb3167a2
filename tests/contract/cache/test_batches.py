"""Reads of many keys go in batches: what a late one costs, and what the circuit breaker learns."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import pytest

from chalicelib import redis_store, telemetry
from chalicelib.caching.batch import ManyReads
from chalicelib.caching.entries import Entries, Outcome, Policy
from chalicelib.caching.protocol import Cache
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store import RedisStore
from chalicelib.redis_store.circuit_breaker import FAILURES
from chalicelib.redis_store.store import AT_ONCE, Command
from dev.stack.servers import Valkey
from tests import examples
from tests.doubles.caching import CountingLoader, TextCodec, a_cache
from tests.doubles.cluster import LocalCluster, RecordingCluster
from tests.doubles.narrow_link import NarrowLink
from tests.doubles.recording import RecordingFakeRedis, RecordingRedis

KEYS = [f"k{n}" for n in range(5 * AT_ONCE)]
TEXT = "x" * 40_000
POLICY = Policy(1000, 10, strict=False)
MEGABYTE = 1_000_000
LATE_SECONDS = 0.4
"""The contract has 0.25 s; the machine that runs the tests may be busy."""


def _cache(port: int, **variables: str) -> Cache[str]:
    """Return a cache of texts with the time-out of the settings."""
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
    return Cache(redis_store.connect(examples.settings(**where, **variables)), TextCodec(), POLICY)


def _load(keys: Sequence[str]) -> dict[str, str]:
    return dict.fromkeys(keys, TEXT)


@contextmanager
def _paused(server: Valkey) -> Iterator[None]:
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


@pytest.fixture
def full_redis(real_redis: RecordingRedis) -> RecordingRedis:
    """Return a client of a Redis that has every key, and another short one."""
    real_redis.mset(dict.fromkeys(KEYS, b"Vtext:" + TEXT.encode()))
    real_redis.set("short", b"Vtext:short")
    return real_redis


@pytest.mark.usefixtures("full_redis")
@pytest.mark.parametrize("rate", [40 * MEGABYTE, 2 * MEGABYTE])
def test_many_large_values_over_a_narrow_link_leave_the_circuit_closed(
    valkey: Valkey, rate: float
) -> None:
    """Whether some of them come in time or none, the next read of one is a hit."""
    with NarrowLink(valkey.port, rate) as link:
        cache = _cache(link.port)
        for _ in range(FAILURES):
            started = time.monotonic()
            assert dict.fromkeys(KEYS, TEXT) == cache.fetch_many(KEYS, _load)
            assert time.monotonic() - started < LATE_SECONDS

        assert Outcome.HIT == cache.fetch("short", CountingLoader("loaded")).outcome


@pytest.mark.parametrize(
    ("rights", "outcome"), [(["+getex", "+ping"], Outcome.HIT), (["+getex"], Outcome.BYPASS)]
)
def test_the_functions_user_needs_the_right_to_ping(
    valkey: Valkey, full_redis: RecordingRedis, rights: Sequence[str], outcome: Outcome
) -> None:
    """Where it is missing, each late batch counts as a failure."""
    full_redis.execute_command("ACL", "SETUSER", "pinging", "on", ">p", "~*", "-@all", *rights)
    try:
        with NarrowLink(valkey.port, 2 * MEGABYTE) as link:
            cache = _cache(link.port, REDIS_USERNAME="pinging", REDIS_PASSWORD="p")
            for _ in range(FAILURES):
                cache.fetch_many(KEYS, _load)

            assert outcome == cache.fetch("short", CountingLoader("loaded")).outcome
    finally:
        full_redis.acl_deluser("pinging")


@pytest.mark.usefixtures("full_redis")
def test_after_a_late_batch_no_other_is_asked_for(valkey: Valkey) -> None:
    """All are loaded, and counted as bypasses."""
    trace = telemetry.begin()
    with NarrowLink(valkey.port, 2 * MEGABYTE) as link:
        _cache(link.port).fetch_many(KEYS, _load)

    assert {"hits": 0, "bypasses": 100, "reason": "late answer to many commands"}.items() <= (
        trace.fields.items()
    )


def test_a_server_that_hangs_opens_the_circuit_as_ever(
    valkey: Valkey, full_redis: RecordingRedis
) -> None:
    """It does not answer the PING either: three reads of many wait, and the fourth does not."""
    full_redis.ping()
    cache = _cache(valkey.port)
    waits = []
    with _paused(valkey):
        for _ in range(FAILURES + 1):
            started = time.monotonic()
            assert dict.fromkeys(KEYS, TEXT) == cache.fetch_many(KEYS, _load)
            waits.append(time.monotonic() - started)

    assert all(0.15 < wait < LATE_SECONDS for wait in waits[:-1])
    assert waits[-1] < 0.05


class Clock:
    """Seconds that pass with each look at it, or when told to."""

    def __init__(self, step: float = 0.0) -> None:
        self.step = step
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def advance(self, _: str) -> None:
        self.now += 1.0


def test_a_slow_server_is_asked_for_no_more_than_there_is_time_for(
    fake_redis: RecordingFakeRedis,
) -> None:
    """Two batches take up the patience; the other keys are bypasses, and nothing is filled."""
    fake_redis.mset(dict.fromkeys(KEYS[:-1], b"Vtext:x"))
    many = ManyReads(RedisStore(fake_redis), Entries(TextCodec(), POLICY), Clock(0.05))
    trace = telemetry.begin()

    with fake_redis.commands() as sent:
        found = many.fetch(KEYS, _load, lambda _: None)

    assert 2 * AT_ONCE * ["GETEX"] == sent
    assert {"x": 2 * AT_ONCE, TEXT: 3 * AT_ONCE} == {
        text: list(found.values()).count(text) for text in ("x", TEXT)
    }
    assert {"hits": 40, "misses": 0, "bypasses": 60}.items() <= trace.fields.items()


def test_the_time_that_a_check_takes_is_not_waiting_for_redis(
    fake_redis: RecordingFakeRedis,
) -> None:
    """However long each item is looked at, the next batch is asked for, and what missed filled."""
    fake_redis.mset(dict.fromkeys(KEYS[:-1], b"Vtext:x"))
    clock = Clock()
    many = ManyReads(RedisStore(fake_redis), Entries(TextCodec(), POLICY), clock)

    many.fetch(KEYS, _load, clock.advance)

    assert len(KEYS) == clock.now
    assert b"Vtext:" + TEXT.encode() == fake_redis.get(KEYS[-1])


class _FailsToFill(RedisStore):
    """Takes one batch of fills and fails at the next."""

    batches_tried = 0

    def run_many(self, script: str, calls: Sequence[Command]) -> Sequence[int]:
        """Raise at the second batch."""
        if calls:
            self.batches_tried += 1
            if self.batches_tried == 2:
                raise CacheUnavailable("lost")
        return super().run_many(script, calls)


def test_after_a_batch_of_fills_fails_no_other_is_sent(fake_redis: RecordingFakeRedis) -> None:
    """What was filled until then stays; who asked gets all."""
    store = _FailsToFill(fake_redis)

    assert dict.fromkeys(KEYS, TEXT) == Cache(store, TextCodec(), POLICY).fetch_many(KEYS, _load)

    assert 2 == store.batches_tried
    assert KEYS[:AT_ONCE] == [key for key in KEYS if fake_redis.get(key)[:1] == b"V"]


def test_an_error_of_the_check_ends_the_read(fake_redis: RecordingFakeRedis) -> None:
    """The batches after it are not asked for, and nothing is loaded."""
    fake_redis.mset(dict.fromkeys(KEYS[:-1], b"Vtext:x"))
    seen: list[str] = []

    def check(text: str) -> None:
        seen.append(text)
        if len(seen) > AT_ONCE:
            raise ValueError("enough")

    with fake_redis.commands() as sent, pytest.raises(ValueError, match="enough"):
        a_cache(fake_redis).fetch_many(KEYS, CountingLoader(AssertionError()), check)

    assert 2 * AT_ONCE * ["GETEX"] == sent


def test_the_batches_of_a_cluster_are_of_one_node_each(
    clustered_redis: RecordingCluster, cluster: LocalCluster
) -> None:
    """A hundred keys on three nodes are six round trips, of at most twenty keys."""
    store = clustered_redis.store()
    batches = list(chain.from_iterable(store.batches(KEYS)))

    assert sorted(KEYS) == sorted(key for batch in batches for key in batch)
    assert 6 == len(batches)
    for batch in batches:
        assert len(batch) <= AT_ONCE
        assert 1 == len({clustered_redis.get_node_from_key(key).name for key in batch})
    assert len(cluster.nodes) == 3
