"""
Stores the items of an import in batches. Each batch is written behind the fences of its items, so
a read that starts after the import returns no older state. Knows neither files nor terminal.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final

from chalicelib.caching.item_cache import ItemCache, ReadsBypassed
from chalicelib.dynamodb.table import BATCH_WRITE_LIMIT, Table
from chalicelib.errors import OutcomeUnknown, StoreUnavailable
from dev.transfer.entries import Entry, Reject

PAUSES: Final = (0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""The longest pause in seconds before each attempt to store unprocessed items."""
PATIENCE_SECONDS: Final = 30.0
"""No attempt begins later than this, so that the fences (60 s) outlive the last one."""
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Import:
    """
    A running import, and its report.

    The report is correct whenever the import stops: an item counts as stored once DynamoDB has
    said so, and its outcome is unknown from the moment it is sent until then.
    """

    def __init__(
        self,
        cache: ItemCache | ReadsBypassed,
        repository: Table[Any],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._repository = repository
        self._sleep = sleep
        self._clock = clock
        self._read = self._stored = self._rejected = 0
        self._place = "the start"
        self.stopped_by: str | None = None
        self._batch: dict[str, Entry] = {}
        self._sent: set[str] = set()

    def store(self, rows: Iterable[Entry | Reject]) -> None:
        """
        Store the entries, whose ids must differ. Raise `Unavailable` if a batch is not stored.

        After `OutcomeUnknown` the fences of the batch stay until they expire.
        """
        for row in rows:
            self._read += 1
            self._place = row.place
            if isinstance(row, Reject):
                self._rejected += 1
                continue
            self._batch[row.item_id] = row
            if len(self._batch) == BATCH_WRITE_LIMIT:
                self._store_batch()
        if self._batch:
            self._store_batch()

    @property
    def is_clean(self) -> bool:
        """Whether every item of the file is stored."""
        return self._stored == self._read and self.stopped_by is None

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = {"read": self._read, "stored": self._stored, "rejected": self._rejected}
        counts |= {outcome: len(places) for outcome, places in self._not_stored().items()}
        return ", ".join(f"{name} {count}" for name, count in counts.items())

    def problems(self) -> Iterator[str]:
        """Yield a line for each problem."""
        if self.stopped_by is not None:
            yield f"Stopped after {self._place}: {self.stopped_by}"
        for outcome, places in self._not_stored().items():
            yield f"{outcome.capitalize()}: {', '.join(places)}"

    def _not_stored(self) -> dict[str, list[str]]:
        """Return the places of entries that are not known to be stored, by outcome."""
        places: dict[str, list[str]] = {}
        for entry in self._batch.values():
            outcome = "outcome unknown" if entry.item_id in self._sent else "not stored"
            places.setdefault(outcome, []).append(entry.place)
        return places

    def _store_batch(self) -> None:
        deadline = self._clock() + PATIENCE_SECONDS
        with interruption_deferred(), ExitStack() as fences:
            for item_id in self._batch:
                fences.enter_context(self._cache.fenced(item_id))
            # Created behind the fences, so their versions are higher than all earlier ones.
            left: Sequence[Any] = [
                self._repository.new(entry.item_id, entry.fields) for entry in self._batch.values()
            ]
            for pause in PAUSES:
                if self._clock() + pause > deadline:
                    break
                self._sleep(pause * random.uniform(0.5, 1))  # noqa: S311 — no secret
                if not (left := self._put(left)):
                    return
            raise StoreUnavailable("DynamoDB did not store it after several attempts")

    def _put(self, items: Sequence[Any]) -> Sequence[Any]:
        """Return the items not stored: all of them if DynamoDB was throttled or unavailable."""
        self._sent = {item.id for item in items}
        try:
            left = self._repository.put_all(items)
        except OutcomeUnknown:
            raise
        except StoreUnavailable:
            left = items
        for item_id in self._sent - {item.id for item in left}:
            self._stored += 1
            del self._batch[item_id]
        self._sent = set()
        return left


@contextmanager
def interruption_deferred() -> Iterator[None]:
    """Raise `KeyboardInterrupt` at the end of the block after a signal; at once after two."""
    received: list[int] = []

    def record(signum: int, _: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(signum)

    before = {signum: signal.signal(signum, record) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if received:
        raise KeyboardInterrupt
