"""
The cache-aside protocol: how readers fill a key and writers keep old values out of it.

A key is in one of five states, told by its first byte:

    absent    nobody knows                       a reader takes the lease
    V…        a value                            a hit
    N         negative entry: no such item       a hit
    L…        lease: one reader is loading       other readers wait briefly, then load, unfilled
    W…        fence: writers are under way       readers load and leave the key alone

A reader fills only over its own lease; a writer's fence wipes value and lease before it commits.
So what a reader loaded before a commit never lands after it. `docs/decisions/0002` has the proof.

Knows one key at a time, and nothing of products or DynamoDB. Caveats: two faults in one and the
same write (fence lost *and* release lost) leave an old value until the stream's invalidation, as
does a Redis that comes back from an outage with the data it had before.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.errors import CacheUnavailable, CatalogError, OutcomeUnknown

T = TypeVar("T")

VALUE, NEGATIVE, LEASE, FENCE = b"V", b"N", b"L", b"W"

LEASE_MS: Final = 5_000
"""A reader that takes longer to load loses its lease, and does not fill."""
FENCE_MS: Final = 60_000
"""Longer than a Lambda may live (`.chalice/config.json`): a fence outlives its writer."""
POLLS: Final = 8
POLL_SECONDS: Final = (0.010, 0.025)
"""Who finds a lease waits at most 8 × 25 ms for the value: the contract's 0.25 s, less a reply."""

# A fence is `W` and `deadline:token` of each writer under way, deadlines in ms of Redis's clock:
# a writer that died does not hold the key longer than FENCE_MS, however many come after it.
_OTHERS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept, last = {}, now
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'string' and value:sub(1, 1) == 'W' then
  for deadline, token in value:gmatch('(%d+):(%w+)') do
    if token ~= ARGV[1] and tonumber(deadline) > now then
      kept[#kept + 1] = deadline .. ':' .. token
      last = math.max(last, tonumber(deadline))
    end
  end
end
"""

# Invariant: after it, the key holds no value and no lease, and this writer's token is in the fence.
FENCE_SCRIPT: Final = (
    _OTHERS
    + """
kept[#kept + 1] = string.format('%.0f', now + ARGV[2]) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', ARGV[2])
return #kept
"""
)

# Invariant: after it, this writer's token is gone and, unless others write, so is the whole key.
RELEASE_SCRIPT: Final = (
    _OTHERS
    + """
if #kept == 0 then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], 'W' .. table.concat(kept, ' '), 'PX', string.format('%.0f', last - now))
return 0
"""
)

# Invariant: a value replaces nothing but the lease under which it was loaded.
FILL_SCRIPT: Final = """
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

# Invariant: a fence stands; anything else is gone.
INVALIDATE_SCRIPT: Final = """
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'string' and value:sub(1, 1) == 'W' then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Outcome(Enum):
    """Where an answer came from, in the words of `X-Cache`."""

    HIT = "HIT"
    MISS = "MISS"
    BYPASS = "BYPASS"


class Fetched(NamedTuple, Generic[T]):
    """An item, or `None` where there is none, and where that was learnt."""

    item: T | None
    outcome: Outcome


class Store(Protocol):
    """One Redis. Every call may raise `CacheUnavailable`."""

    def get(self, key: str) -> bytes | None: ...

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """Set `key` unless it exists; tell whether it did."""

    def run(self, script: str, key: str, *args: bytes | str | int) -> int: ...


class Codec(Protocol[T]):
    """Turns an item into bytes and back."""

    def encode(self, item: T) -> bytes: ...

    def decode(self, data: bytes) -> T:
        """Raise `ValueError` for bytes that it did not make."""


class Policy(NamedTuple):
    """How long entries live, in seconds, and whether a write may go on without its fence."""

    ttl_seconds: int
    negative_ttl_seconds: int
    strict: bool


class Cache(Generic[T]):
    """The protocol over one store. Reads fail open: without Redis they load."""

    def __init__(
        self,
        store: Store,
        codec: Codec[T],
        policy: Policy,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._codec = codec
        self._policy = policy
        self._sleep = sleep

    def fetch(self, key: str, load: Callable[[], T | None]) -> Fetched[T]:
        """
        Return what `key` holds, else what `load` returns, filling the key with it.

        `load` must read consistently. Its errors pass through; Redis's never do.
        """
        try:
            found, lease = self._find(key)
        except CacheUnavailable as error:
            telemetry.info("cache bypass", reason=str(error))
            return Fetched(load(), Outcome.BYPASS)
        if found is not None:
            telemetry.info("cache hit", negative=found.item is None)
            return found
        telemetry.info("cache miss")
        return Fetched(self._load(key, lease, load), Outcome.MISS)

    def fill(self, key: str, lease: bytes, item: T | None) -> None:
        """Put `item`, or that there is none, where `lease` still stands."""
        if item is None:
            value, seconds = NEGATIVE, float(self._policy.negative_ttl_seconds)
        else:
            value = VALUE + self._codec.encode(item)
            seconds = self._policy.ttl_seconds * random.uniform(0.9, 1.1)  # noqa: S311 — no secret
        try:
            filled = self._store.run(FILL_SCRIPT, key, lease, value, int(seconds * 1000))
        except CacheUnavailable as error:
            telemetry.info("cache fill failed", reason=str(error))
        else:
            telemetry.info("cache fill" if filled else "cache fill refused")

    @contextmanager
    def fenced(self, key: str) -> Iterator[None]:
        """
        Keep readers from filling `key` while the block commits; afterwards delete it.

        Where the block raises `OutcomeUnknown`, or anything that is not a `CatalogError`, the
        fence stays until it expires. With the strict policy raise `CacheUnavailable`, before the
        block is entered, where the fence cannot be placed.
        """
        token = uuid.uuid4().hex
        self.fence(key, token)
        try:
            yield
        except OutcomeUnknown:
            telemetry.warning("cache fence left standing", reason="outcome of the write unknown")
            raise
        except CatalogError:
            self.release(key, token)
            raise
        self.release(key, token)

    def fence(self, key: str, token: str) -> None:
        """Wipe the key and mark a write under way, joining the writers that are there."""
        try:
            self._store.run(FENCE_SCRIPT, key, token, FENCE_MS)
        except CacheUnavailable as error:
            telemetry.warning("cache fence lost", reason=str(error))
            if self._policy.strict:
                self.release(key, token)
                raise

    def release(self, key: str, token: str) -> None:
        """End a write: the last writer out leaves the key deleted."""
        try:
            self._store.run(RELEASE_SCRIPT, key, token)
        except CacheUnavailable as error:
            telemetry.warning("cache release lost", reason=str(error))
        else:
            telemetry.info("cache invalidation")

    def invalidate(self, key: str) -> None:
        """Delete `key` unless a fence stands there. Raise `CacheUnavailable`."""
        self._store.run(INVALIDATE_SCRIPT, key)

    def _find(self, key: str) -> tuple[Fetched[T] | None, bytes | None]:
        """Return a hit, or else the lease to fill under, or else neither."""
        for _ in range(POLLS):
            raw = self._store.get(key)
            state = raw[:1] if raw is not None else None
            if raw is not None and state == VALUE:
                with suppress(ValueError):
                    return Fetched(self._codec.decode(raw[1:]), Outcome.HIT), None
            if raw == NEGATIVE:
                return Fetched(None, Outcome.HIT), None
            if state == FENCE:
                return None, None
            if state != LEASE:
                lease = self._lease(key, unreadable=raw is not None)
                if lease is not None:
                    return None, lease
            self._sleep(random.uniform(*POLL_SECONDS))  # noqa: S311 — no secret
        return None, None

    def _lease(self, key: str, *, unreadable: bool) -> bytes | None:
        """Take the lease, or return `None` where somebody was faster."""
        if unreadable:
            telemetry.warning("cache entry unreadable")
            self.invalidate(key)
        lease = LEASE + uuid.uuid4().hex.encode()
        return lease if self._store.add(key, lease, LEASE_MS) else None

    def _load(self, key: str, lease: bytes | None, load: Callable[[], T | None]) -> T | None:
        try:
            item = load()
        except CatalogError:
            if lease is not None:
                with suppress(CacheUnavailable):
                    self.invalidate(key)
            raise
        if lease is not None:
            self.fill(key, lease, item)
        return item
