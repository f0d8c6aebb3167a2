"""
What the bytes under a key mean, and how long they live. The first byte is the state:

    absent    nothing is cached
    V…        a value
    N         negative entry: there is no such item
    L…        lease: one reader is loading
    W…        fence: writers are under way

`protocol.py` has the transitions between the states; `scripts.py` writes the fences. Knows neither
Redis nor resources.
"""

from __future__ import annotations

import random
import re
import time
import uuid
from contextlib import suppress
from enum import Enum
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

VALUE, NEGATIVE, LEASE, FENCE = b"V", b"N", b"L", b"W"

LEASE_MS: Final = 5_000
"""A reader that takes longer to load loses its lease, and does not fill."""
FENCE_MS: Final = 60_000
"""Longer than a Lambda may live (`.chalice/config.json`): a fence outlives its writer."""
LONGEST_FENCE_MS: Final = 2 * FENCE_MS
"""
A deadline further off is none: a clock jumped, or the fence is forged. Two lives and not one, since
a failover may lead to a slower clock.
"""
TTL_JITTER: Final = 0.1
"""Lives differ by up to a tenth, so that entries filled together do not expire together."""


_DEADLINE: Final = re.compile(rb"(?<!\d)(\d{1,15}):\w")


class Outcome(Enum):
    """Where an answer came from, in the words of `X-Cache`."""

    HIT = "HIT"
    MISS = "MISS"
    BYPASS = "BYPASS"


class Fetched(NamedTuple, Generic[T]):
    """An item, or `None` where there is none, and where that was learnt."""

    item: T | None
    outcome: Outcome


class Codec(Protocol[T]):
    """Turns an item into bytes and back."""

    def encode(self, item: T) -> bytes: ...

    def decode(self, key: str, data: bytes) -> T:
        """Raise `ValueError` for bytes that it did not make, or not for `key`."""


def entry_of(item: T | None, codec: Codec[T]) -> bytes:
    """Return the bytes of the entry of `item`, or of a negative entry."""
    return NEGATIVE if item is None else VALUE + codec.encode(item)


class Policy(NamedTuple):
    """How long entries live, in seconds, and whether a write may go on without its fence."""

    ttl_seconds: int
    negative_ttl_seconds: int
    strict: bool


class Entries(Generic[T]):
    """Reads and writes the bytes of values and negative entries."""

    def __init__(self, codec: Codec[T], policy: Policy) -> None:
        self._codec = codec
        self._policy = policy

    def read(self, key: str, raw: bytes | None) -> Fetched[T] | None:
        """Return the hit that a key's bytes make, if they make one."""
        if raw == NEGATIVE:
            return Fetched(None, Outcome.HIT)
        if raw is not None and raw[:1] == VALUE:
            with suppress(ValueError):
                return Fetched(self._codec.decode(key, raw[1:]), Outcome.HIT)
        return None

    def write(self, item: T | None) -> tuple[bytes, int]:
        """Return the bytes of the entry of `item`, and its TTL in ms."""
        if item is None:
            return entry_of(item, self._codec), self._policy.negative_ttl_seconds * 1000
        jitter = random.uniform(1 - TTL_JITTER, 1 + TTL_JITTER)  # noqa: S311 — no secret
        return entry_of(item, self._codec), int(self._policy.ttl_seconds * 1000 * jitter)


def is_fence(raw: bytes | None) -> bool:
    """
    Return whether writers may be under way, by this machine's clock.

    The invalidation script decides by Redis's clock: it spares a fence.
    """
    return _has_deadline(raw, left_ms=0)


def is_new_fence(raw: bytes | None) -> bool:
    """Return whether a writer began in the last second: it is probably about to release."""
    return _has_deadline(raw, left_ms=FENCE_MS - 1_000)


def _has_deadline(raw: bytes | None, left_ms: int) -> bool:
    if raw is None or raw[:1] != FENCE:
        return False
    now = time.time() * 1000
    deadlines = map(int, _DEADLINE.findall(raw))
    return any(now + left_ms < each <= now + LONGEST_FENCE_MS for each in deadlines)


def is_held(raw: bytes | None) -> bool:
    """Return whether a reader or a writer may be at work."""
    return raw is not None and (raw[:1] == LEASE or is_fence(raw))


def new_lease() -> bytes:
    """Return a new, unique lease."""
    return LEASE + uuid.uuid4().hex.encode()
