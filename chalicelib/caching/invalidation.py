"""
Invalidation of many keys, as the table's stream asks for it. Knows no reader and no writer.

Only what is out of date goes: the first reader after a write has filled the key with what the
stream then delivers, and deleting it would cost each write a second miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from chalicelib.caching.batch import ManyStore
from chalicelib.caching.scripts import INVALIDATE_SCRIPT
from chalicelib.errors import CacheUnavailable


def invalidate(store: ManyStore, entries: Mapping[str, bytes | None]) -> int:
    """
    Delete each key, unless it holds a fence or just the entry given; return how many there were.

    A lease goes too: its reader may have loaded before the change that the stream delivers.
    Raise `CacheUnavailable` after all were tried.
    """
    calls = {key: (key,) if spared is None else (key, spared) for key, spared in entries.items()}
    deleted, failure = 0, None
    for batch in chain.from_iterable(store.batches(list(calls))):
        try:
            deleted += sum(store.run_many(INVALIDATE_SCRIPT, [calls[key] for key in batch]))
        except CacheUnavailable as error:
            failure = error
    if failure is not None:
        raise failure
    return deleted
