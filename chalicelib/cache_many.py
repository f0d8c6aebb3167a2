"""
Readers of many keys at once: to look, to lease, to fill; keys go in batches of a round trip each.

To each key the same as a reader of one (`cache.py`), who may meet it there. Knows no writer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, Generic, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.cache_entry import LEASE_MS, Entries, is_held, new_lease
from chalicelib.cache_scripts import FILL_SCRIPT, INVALIDATE_SCRIPT
from chalicelib.errors import CacheUnavailable

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.09
"""
A reader that has waited so long for Redis sends it no further batch. With a last one that is late,
and the store's question whether the server is healthy, it stays under the contract's 0.25 s.
"""


class ManyStore(Protocol):
    """What one Redis does to many keys. May raise `CacheUnavailable`."""

    def batches(self, keys: Sequence[str]) -> Sequence[Sequence[str]]:
        """Return the keys in groups small enough for one round trip, each of one server."""

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]: ...

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """Set each key unless it exists; tell for each whether it did."""

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        """Run it for each key. Try every server before raising."""


class Patience:
    """What is left of the time that one read waits for Redis."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = PATIENCE_SECONDS

    def each(self, batches: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
        """Yield each batch, and count the time until the next is taken. Raise when it is up."""
        for batch in batches:
            if self._left <= 0:
                raise CacheUnavailable("Redis is slow")
            started = self._clock()
            yield batch
            self._left -= self._clock() - started


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

        Who finds another's lease does not wait, but loads. After a batch that is late, the rest
        are loaded too. `check` gets each item, as soon as there is one; what it raises ends the
        read, and no further batch is asked for.
        """
        patience = Patience(self._clock)
        entries: dict[str, bytes | None] = {}
        items: dict[str, T | None] = {}
        reason = ""
        try:
            for key, raw in self._look(keys, patience):
                entries[key] = raw
                if hit := self._entries.read(key, raw):
                    items[key] = hit.item
                    _check_all([hit.item], check)
        except CacheUnavailable as error:
            reason = str(error)
        missed = {key: raw for key, raw in entries.items() if key not in items}
        telemetry.looked_up_many(
            hits=len(items),
            negative_hits=sum(item is None for item in items.values()),
            misses=len(missed),
            bypasses=len(keys) - len(entries),
            reason=reason,
        )
        unknown = [key for key in keys if key not in items]
        if unknown:
            leases = {} if reason else self._lease(missed, patience)
            loaded = self._load(unknown, load, leases, patience)
            _check_all(loaded.values(), check)
            items |= {key: loaded.get(key) for key in unknown}
        return items

    def _look(self, keys: Sequence[str], patience: Patience) -> Iterator[tuple[str, bytes | None]]:
        for batch in patience.each(self._store.batches(keys)):
            yield from zip(batch, self._store.get_many(batch), strict=True)

    def _lease(self, entries: Mapping[str, bytes | None], patience: Patience) -> dict[str, bytes]:
        """Return the leases taken on what is absent or unreadable; none without Redis."""
        free = [key for key, raw in entries.items() if not is_held(raw)]
        unreadable = [(key,) for key in free if entries[key] is not None]
        leases = {key: new_lease() for key in free}
        taken: Sequence[bool] = []
        try:
            for _ in patience.each([free]):  # leases are short: one batch
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
        try:
            for batch in patience.each(self._store.batches(list(leases))):
                filled += sum(
                    self._store.run_many(
                        FILL_SCRIPT,
                        [(key, leases[key], *self._entries.write(items.get(key))) for key in batch],
                    )
                )
                sent += len(batch)
        except CacheUnavailable as error:
            telemetry.warning("cache fill failed", reason=str(error), keys=len(leases) - sent)
        telemetry.debug("cache fill", keys=filled)
        telemetry.count("FillsRefused", sent - filled)


def _check_all(items: Iterable[T | None], check: Callable[[T], None]) -> None:
    for item in items:
        if item is not None:
            check(item)
