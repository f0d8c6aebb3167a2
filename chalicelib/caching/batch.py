"""
Reads many keys at once: looks up, leases and fills in batches of one round trip each.

Treats each key as a reader of one key does (`protocol.py`), but waits for no reader and no writer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, Generic, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.caching.entries import LEASE_MS, Entries, is_held, new_lease
from chalicelib.caching.scripts import FILL_SCRIPT, INVALIDATE_SCRIPT
from chalicelib.errors import CacheUnavailable

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.09
"""
A reader that has waited so long for Redis sends it no further batch. With a last one that is late,
and the store's question whether the server is healthy, it stays under the contract's 0.25 s.
"""


class ManyStore(Protocol):
    """What one Redis does to many keys. May raise `CacheUnavailable`."""

    def batches(self, keys: Sequence[str]) -> Sequence[Sequence[Sequence[str]]]:
        """Return, for each server, its keys in groups small enough for one round trip."""

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]: ...

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """Set each key unless it exists; return for each whether it was set."""

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        """Run it for each key. Try every server before raising."""


class Patience:
    """What is left of the time that one read waits for Redis, in `with` blocks."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = PATIENCE_SECONDS
        self._started = 0.0

    def __enter__(self) -> None:
        """Raise `CacheUnavailable` when the time is up."""
        if self._left <= 0:
            raise CacheUnavailable("Redis is slow")
        self._started = self._clock()

    def __exit__(self, *_: object) -> None:
        """Count the time of the block."""
        self._left -= self._clock() - self._started


class ManyReads(Generic[T]):
    """The readers' side of the protocol over one store."""

    def __init__(self, store: ManyStore, entries: Entries[T], clock: Callable[[], float]) -> None:
        self._store = store
        self._entries = entries
        self._clock = clock

    def fetch(
        self,
        keys: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, T]],
        check: Callable[[T], None],
    ) -> dict[str, T | None]:
        """
        Return what each of `keys` holds, else what `load` returns, which gets those that missed.

        A key with another reader's lease is loaded without waiting. After a late batch the rest is
        loaded too; after a failed batch, the rest of that server. `check` gets each item as soon
        as it is read; an error that it raises ends the read, and no further batch is read.
        """
        patience = Patience(self._clock)
        missed: dict[str, bytes | None] = {}
        items: dict[str, T | None] = {}
        reason = ""
        for batches in self._store.batches(keys):
            found: dict[str, bytes | None] = {}
            try:
                for key, raw in self._look(batches, patience):
                    found[key] = raw
                    if hit := self._entries.read(key, raw):
                        items[key] = hit.item
                        _check_all([hit.item], check)
            except CacheUnavailable as error:
                reason = reason or str(error)
            else:
                missed |= {key: raw for key, raw in found.items() if key not in items}
        telemetry.looked_up_many(
            hits=len(items),
            negative_hits=sum(item is None for item in items.values()),
            misses=len(missed),
            bypasses=len(keys) - len(items) - len(missed),
            reason=reason,
        )
        unknown = [key for key in keys if key not in items]
        if unknown:
            leases = self._lease(missed, patience)
            loaded = self._load(unknown, load, leases, patience)
            _check_all(loaded.values(), check)
            items |= {key: loaded.get(key) for key in unknown}
        return items

    def _look(
        self, batches: Sequence[Sequence[str]], patience: Patience
    ) -> Iterator[tuple[str, bytes | None]]:
        for batch in batches:
            with patience:
                values = self._store.get_many(batch)
            yield from zip(batch, values, strict=True)

    def _lease(self, entries: Mapping[str, bytes | None], patience: Patience) -> dict[str, bytes]:
        """Return the leases taken on what is absent or unreadable; none without Redis."""
        free = [key for key, raw in entries.items() if not is_held(raw)]
        unreadable = [(key,) for key in free if entries[key] is not None]
        leases = {key: new_lease() for key in free}
        taken: Sequence[bool] = []
        try:
            with patience:  # leases are short: one batch
                self._store.run_many(INVALIDATE_SCRIPT, unreadable)
                taken = self._store.add_many(leases, LEASE_MS)
        except CacheUnavailable:
            return {}
        return {key: lease for (key, lease), own in zip(leases.items(), taken, strict=True) if own}

    def _load(
        self,
        keys: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, T]],
        leases: Mapping[str, bytes],
        patience: Patience,
    ) -> Mapping[str, T]:
        try:
            items = load(keys)
        except Exception:
            with suppress(CacheUnavailable):
                self._store.run_many(INVALIDATE_SCRIPT, [(key,) for key in leases])
            raise
        self._fill(leases, items, patience)
        return items

    def _fill(
        self, leases: Mapping[str, bytes], items: Mapping[str, T], patience: Patience
    ) -> None:
        sent = filled = 0
        reason = ""
        for batches in self._store.batches(list(leases)):
            try:
                for batch in batches:
                    entries = [
                        (key, leases[key], *self._entries.write(items.get(key))) for key in batch
                    ]
                    with patience:
                        filled += sum(self._store.run_many(FILL_SCRIPT, entries))
                    sent += len(batch)
            except CacheUnavailable as error:
                reason = reason or str(error)
        if reason:
            telemetry.warning("cache fill failed", reason=reason, keys=len(leases) - sent)
        telemetry.debug("cache fill", keys=filled)
        telemetry.count("FillsRefused", sent - filled)


def _check_all(items: Iterable[T | None], check: Callable[[T], None]) -> None:
    for item in items:
        if item is not None:
            check(item)
