"""
Test doubles: the protocol without one of its parts, and inconsistent loads.

Each one shows why a part of `chalicelib/caching/protocol.py` is needed. Their scripts have models
that are compared with Redis, like those of the real scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from chalicelib.caching.entries import FENCE, LEASE, Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.caching.stream import Invalidator, Record
from chalicelib.errors import CacheUnavailable
from chalicelib.resources.representation import Representation
from tests.protocol.model import Content, Effect, Script, fence_of, tokens
from tests.protocol.tape import GET, Op, TapedStore, TapedTable

KEEP_LEASES_SCRIPT: Final = """
local value = redis.call('GET', KEYS[1])
local kept = value and (value:find('^[WL]') or value == ARGV[1])
return kept and 0 or redis.call('DEL', KEYS[1])
"""
SET_SCRIPT: Final = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1"
DELETE_SCRIPT: Final = "return redis.call('DEL', KEYS[1])"
LONE_FENCE_SCRIPT: Final = """
local deadline = string.format('%.0f', redis.call('TIME')[1] * 1000 + 60000)
redis.call('SET', KEYS[1], 'W' .. deadline .. ':' .. ARGV[1], 'PX', 60000)
return 1
"""
LONE_RELEASE_SCRIPT: Final = """
local value = redis.call('GET', KEYS[1])
local token = value and value:match('^W%d+:(%w+)$')
return token and token ~= ARGV[1] and 0 or redis.call('DEL', KEYS[1])
"""


class NaiveFill(Cache[Representation]):
    """The usual cache-aside: SET EX after a read, DEL after a write."""

    def fetch(self, key: str, load: Callable[[], Representation | None]) -> Fetched[Representation]:
        """Return the cached item, or load and set it."""
        try:
            raw = self._store.get(key)
        except CacheUnavailable:
            return Fetched(load(), Outcome.BYPASS)
        return self._entries.read(key, raw) or Fetched(self._load(key, b"", load), Outcome.MISS)

    def fill(self, key: str, lease: bytes, item: Representation | None) -> None:  # noqa: ARG002
        """Set the key, whatever its content."""
        with suppress(CacheUnavailable):
            self._store.run(SET_SCRIPT, key, *self._entries.write(item))

    def fence(self, key: str, token: str) -> None:
        """Place no fence."""

    def release(self, key: str, token: str) -> None:  # noqa: ARG002
        """Delete the key."""
        with suppress(CacheUnavailable):
            self._store.run(DELETE_SCRIPT, key)


class DoubleDelete(NaiveFill):
    """The usual cache-aside with a second, delayed delete."""

    def release(self, key: str, token: str) -> None:
        """Delete the key twice, with a pause, before the write is acknowledged."""
        super().release(key, token)
        super().release(key, token)


class LeaseWithoutFence(Cache[Representation]):
    """Readers hold leases. Writers only delete the key after the commit."""

    fence = NaiveFill.fence
    release = NaiveFill.release


class FenceOfOneToken(Cache[Representation]):
    """A second writer's fence replaces the first one instead of joining it."""

    def fence(self, key: str, token: str) -> None:
        """Replace the content by this writer's fence."""
        with suppress(CacheUnavailable):
            self._store.run(LONE_FENCE_SCRIPT, key, token)

    def release(self, key: str, token: str) -> None:
        """Delete the key, unless it has another writer's fence."""
        with suppress(CacheUnavailable):
            self._store.run(LONE_RELEASE_SCRIPT, key, token)


class FillWithoutCompare(Cache[Representation]):
    """A reader fills without checking its lease."""

    fill = NaiveFill.fill


class ReadByGet(TapedStore):
    """Uses values from a Redis that refuses writes and fences."""

    GET: Final = GET


class FirstRecordDecides(Invalidator):
    """The first record of a product in a batch decides which entry may stay."""

    def process(self, records: Sequence[Record]) -> None:
        """Process the records in reverse order."""
        super().process(records[::-1])


class FailuresIgnored(Invalidator):
    """A batch without a reply from Redis counts as done."""

    def process(self, records: Sequence[Record]) -> None:
        """Process the records and ignore the failure."""
        with suppress(CacheUnavailable):
            super().process(records)


class LeasesKept(Cache[Representation]):
    """The stream keeps leases, as it keeps fences."""

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """Delete everything except fences, leases and the given entries."""
        calls = [(key, entry or b"") for key, entry in entries.items()]
        return sum(self._store.run_many(KEEP_LEASES_SCRIPT, calls))


class EventualTable(TapedTable):
    """Loads may return the state before the last commit."""

    LOAD: Final = Op("load", (b"eventually",))


def _set(_content: Content, value: bytes, _ttl_ms: bytes) -> Effect:
    return 1, value


def _delete(content: Content) -> Effect:
    return (0 if content is None else 1), None


def _lone_fence(_content: Content, token: bytes) -> Effect:
    return 1, fence_of(frozenset({token}))


def _keep_leases(content: Content, given: bytes) -> Effect:
    kept = content is not None and (content[:1] in (LEASE, FENCE) or content == given)
    return (0, content) if kept else _delete(content)


def _lone_release(content: Content, token: bytes) -> Effect:
    return (0, content) if tokens(content) - {token} else _delete(content)


SCRIPTS: Final[Mapping[str, Script]] = {
    SET_SCRIPT: Script("set", _set),
    DELETE_SCRIPT: Script("delete", _delete),
    LONE_FENCE_SCRIPT: Script("fence", _lone_fence),
    KEEP_LEASES_SCRIPT: Script("invalidate except leases", _keep_leases),
    LONE_RELEASE_SCRIPT: Script("release", _lone_release),
}
