"""
The cache-aside protocol: how readers fill a key and writers keep old values out of it.

A reader finds a key in one of five states (`entries.py`):

    absent            it takes the lease, loads and fills
    value, negative   a hit
    lease             it waits briefly for the value, then loads and does not fill
    fence             it waits once for a writer that has just begun, then loads and does not fill

A reader fills only over its own lease; a writer's fence wipes value and lease before it commits.
So what a reader loaded before a commit never lands after it. `docs/decisions/0002` has the proof.

Knows one key at a time (many: `batch.py`), and nothing of products or DynamoDB. Caveats: two
faults in one and the same write (fence lost *and* release lost; fence evicted before the commit,
and release lost, which the strict policy does not see either) leave an old value until the stream's
invalidation. So does a Redis that comes back from an outage with the data it had before.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final, Generic, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.caching import invalidation
from chalicelib.caching.batch import ManyReads, ManyStore
from chalicelib.caching.entries import (
    LEASE,
    LEASE_MS,
    Codec,
    Entries,
    Fetched,
    Outcome,
    Policy,
    is_fence,
    is_new_fence,
    new_lease,
)
from chalicelib.caching.scripts import FENCE_SCRIPT, FILL_SCRIPT, INVALIDATE_SCRIPT, RELEASE_SCRIPT
from chalicelib.errors import CacheUnavailable, OutcomeUnknown, ServiceError

T = TypeVar("T")

POLLS: Final = 8
POLL_SECONDS: Final = (0.010, 0.025)
PATIENCE_SECONDS: Final = 0.14
"""Who finds a lease waits so long for the value; with a last poll, under the contract's 0.25 s."""


class Store(ManyStore, Protocol):
    """One Redis. Every call may raise `CacheUnavailable`."""

    def get(self, key: str) -> bytes | None: ...

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """Set `key` unless it exists; return whether it was set."""

    def run(self, script: str, key: str, *args: bytes | str | int) -> int: ...


class Cache(Generic[T]):
    """The protocol over one store. Reads fail open: without Redis they load."""

    def __init__(
        self,
        store: Store,
        codec: Codec[T],
        policy: Policy,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._entries = Entries(codec, policy)
        self._many = ManyReads(store, self._entries, clock)
        self._strict = policy.strict
        self._sleep = sleep
        self._clock = clock

    def fetch(self, key: str, load: Callable[[], T | None]) -> Fetched[T]:
        """
        Return what `key` holds, else what `load` returns, filling the key with it.

        `load` must read consistently. Its errors pass through; Redis's never do.
        """
        try:
            found, lease = self._find(key)
        except CacheUnavailable as error:
            telemetry.looked_up("bypass", reason=str(error))
            return Fetched(load(), Outcome.BYPASS)
        if found is not None:
            telemetry.looked_up("negative hit" if found.item is None else "hit")
            return found
        telemetry.looked_up("miss")
        return Fetched(self._load(key, lease, load), Outcome.MISS)

    def fetch_many(
        self,
        keys: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, T]],
        check: Callable[[T], None] = lambda _: None,
    ) -> dict[str, T | None]:
        """As `fetch`, for many keys at once: `batch.py`. An error of `check` ends the read."""
        return self._many.fetch(keys, load, check)

    def fill(self, key: str, lease: bytes, item: T | None) -> None:
        """Store the entry of `item`, or a negative entry, if the key still holds `lease`."""
        value, ttl_ms = self._entries.write(item)
        try:
            filled = self._store.run(FILL_SCRIPT, key, lease, value, ttl_ms)
        except CacheUnavailable as error:
            telemetry.warning("cache fill failed", reason=str(error))
        else:
            telemetry.debug("cache fill" if filled else "cache fill refused")
            telemetry.count("FillsRefused", not filled)

    @contextmanager
    def fenced(self, key: str) -> Iterator[None]:
        """
        Keep readers from filling `key` while the block commits; afterwards delete it.

        Where the block raises `OutcomeUnknown`, or anything that is not a `ServiceError`, the
        fence stays until it expires. With the strict policy raise `CacheUnavailable`, before the
        block is entered, where the fence cannot be placed.
        """
        token = uuid.uuid4().hex
        self.fence(key, token)
        try:
            yield
        except OutcomeUnknown:
            telemetry.warning("cache fence kept", reason="outcome of the write unknown")
            raise
        except ServiceError:
            self.release(key, token)
            raise
        self.release(key, token)

    def fence(self, key: str, token: str) -> None:
        """Wipe the key and mark a write under way, joining the writers that are there."""
        try:
            self._store.run(FENCE_SCRIPT, key, token)
        except CacheUnavailable as error:
            telemetry.warning("cache fence lost", reason=str(error))
            if self._strict:
                self.release(key, token)
                raise
            telemetry.count("FencesLost")

    def release(self, key: str, token: str) -> None:
        """End a write: the last writer out leaves the key deleted."""
        try:
            self._store.run(RELEASE_SCRIPT, key, token)
        except CacheUnavailable as error:
            telemetry.warning("cache release lost", reason=str(error))
        else:
            telemetry.debug("cache invalidation")

    def invalidate(self, entries: Mapping[str, bytes | None]) -> int:
        """Delete what is out of date: `invalidation.py`. Raise `CacheUnavailable`."""
        return invalidation.invalidate(self._store, entries)

    def _find(self, key: str) -> tuple[Fetched[T] | None, bytes | None]:
        """Return a hit, or else the lease to fill under, or else neither."""
        patience_ends = self._clock() + PATIENCE_SECONDS
        has_waited_for_writer = False
        for _ in range(POLLS):
            raw = self._store.get(key)
            found = self._entries.read(key, raw)
            if found is not None:
                return found, None
            if is_fence(raw):
                if has_waited_for_writer or not is_new_fence(raw):
                    return None, None
                has_waited_for_writer = True
            elif raw is None or raw[:1] != LEASE:
                lease = self._lease(key, unreadable=raw is not None)
                if lease is not None:
                    return None, lease
            if self._clock() > patience_ends:
                break
            self._sleep(random.uniform(*POLL_SECONDS))  # noqa: S311 — no secret
        return None, None

    def _lease(self, key: str, *, unreadable: bool) -> bytes | None:
        """Take the lease, or return `None` if another reader was faster."""
        if unreadable:
            telemetry.warning("cache entry unreadable")
            self._clear(key)
        lease = new_lease()
        return lease if self._store.add(key, lease, LEASE_MS) else None

    def _clear(self, key: str) -> None:
        self._store.run(INVALIDATE_SCRIPT, key)

    def _load(self, key: str, lease: bytes | None, load: Callable[[], T | None]) -> T | None:
        try:
            item = load()
        except Exception:
            if lease is not None:
                with suppress(CacheUnavailable):
                    self._clear(key)
            raise
        if lease is not None:
            self.fill(key, lease, item)
        return item
