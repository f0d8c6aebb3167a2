"""
Readers of many keys at once, in three round trips: to look, to lease, to fill.

To each key the same as a reader of one (`cache.py`), who may meet it there. Knows no writer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.cache_entry import LEASE_MS, Entries, is_held, new_lease
from chalicelib.cache_scripts import FILL_SCRIPT, INVALIDATE_SCRIPT
from chalicelib.errors import CacheUnavailable

T = TypeVar("T")


class ManyStore(Protocol):
    """What one Redis does to many keys, in a round trip each. May raise `CacheUnavailable`."""

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]: ...

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """Set each key unless it exists; tell for each whether it did."""

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        """Run it for each key. Try every server before raising."""


class ManyReads(Generic[T]):
    """The readers' side of the protocol over one store."""

    def __init__(self, store: ManyStore, entries: Entries[T]) -> None:
        self._store = store
        self._entries = entries

    def fetch(
        self, keys: Sequence[str], load: Callable[[Sequence[str]], Mapping[str, T]]
    ) -> dict[str, T | None]:
        """
        Return what each of `keys` holds, else what `load` returns, which gets those that missed.

        Who finds another's lease does not wait, but loads.
        """
        if not keys:
            return {}
        try:
            entries = dict(zip(keys, self._store.get_many(keys), strict=True))
        except CacheUnavailable as error:
            telemetry.looked_up_many(bypasses=len(keys), reason=str(error))
            return {**dict.fromkeys(keys), **load(keys)}
        found = {key: hit for key, raw in entries.items() if (hit := self._entries.read(key, raw))}
        missed = [key for key in entries if key not in found]
        items = {key: hit.item for key, hit in found.items()}
        none = sum(item is None for item in items.values())
        telemetry.looked_up_many(hits=len(found), negative_hits=none, misses=len(missed))
        if missed:
            leases = self._lease({key: entries[key] for key in missed})
            loaded = self._load(missed, leases, load)
            items |= {key: loaded.get(key) for key in missed}
        return items

    def _lease(self, entries: Mapping[str, bytes | None]) -> dict[str, bytes]:
        """Return the leases taken on what is absent or unreadable; none without Redis."""
        free = [key for key, raw in entries.items() if not is_held(raw)]
        unreadable = [(key,) for key in free if entries[key] is not None]
        leases = {key: new_lease() for key in free}
        try:
            self._store.run_many(INVALIDATE_SCRIPT, unreadable)
            taken = self._store.add_many(leases, LEASE_MS)
        except CacheUnavailable:
            return {}
        return {key: lease for (key, lease), own in zip(leases.items(), taken, strict=True) if own}

    def _load(
        self,
        keys: Sequence[str],
        leases: Mapping[str, bytes],
        load: Callable[[Sequence[str]], Mapping[str, T]],
    ) -> Mapping[str, T]:
        try:
            items = load(keys)
        except Exception:
            with suppress(CacheUnavailable):
                self._store.run_many(INVALIDATE_SCRIPT, [(key,) for key in leases])
            raise
        self._fill(leases, items)
        return items

    def _fill(self, leases: Mapping[str, bytes], items: Mapping[str, T]) -> None:
        calls = [
            (key, lease, *self._entries.write(items.get(key))) for key, lease in leases.items()
        ]
        try:
            filled = self._store.run_many(FILL_SCRIPT, calls)
        except CacheUnavailable as error:
            telemetry.warning("cache fill failed", reason=str(error), keys=len(calls))
        else:
            telemetry.debug("cache fill", keys=sum(filled))
            telemetry.count("FillsRefused", len(calls) - sum(filled))
