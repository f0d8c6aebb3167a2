"""The load that the page starts and stops: that of `make freshness`, at a rate."""

from __future__ import annotations

import threading
from typing import Any, Final

from dev.faults.load import Load, LoadFailed
from dev.faults.timeline import Timeline, Verdict

RATES: Final = (20, 100, 400)
"""The choices of requests per second on the page."""
CLIENTS: Final = 8
"""Enough for the middle rate while Redis hangs, when a write takes 0.2 s."""
PRODUCTS: Final = 12
MAX_SECONDS: Final = 1800
"""A forgotten load ends by itself: it keeps all writes in memory, to check reads by them."""


class LiveLoad:
    """The running load, if any. `start` and `stop` may be called from any thread."""

    def __init__(self, url: str, timeline: Timeline, max_seconds: float = MAX_SECONDS) -> None:
        self._url = url
        self._max_seconds = max_seconds
        self._timeline = timeline
        self._rate = 0
        self._load = self._new_load(pause=0)
        """The running load, or the last one: its results stay on the page."""
        self._changing = threading.Lock()

    def start(self, rate: int) -> None:
        """Start a load, in place of the running one. Raise `LoadFailed`."""
        with self._changing:
            self._end()
            self._load = self._new_load(CLIENTS / rate)
            try:
                self._load.start()
            except LoadFailed:
                self._load.delete_products()
                raise
            self._rate = rate
            limit = threading.Timer(self._max_seconds, self._end_forgotten, [self._load])
            limit.daemon = True
            limit.start()

    def stop(self) -> None:
        """Stop the load and delete its products. No effect if there is no load."""
        with self._changing:
            self._end()

    def shown(self) -> dict[str, Any]:
        """Return the values for the page. `stale` breaks a promise, promise 3 allows `late`."""
        load = self._load
        late = sum(stale.verdict is Verdict.LATE for stale in load.stale)
        counts = {"sent": load.sent, "checked": load.checked}
        return {"rate": self._rate, **counts, "late": late, "stale": len(load.stale) - late}

    def _end_forgotten(self, load: Load) -> None:
        """End this load unless it has ended, and another one may run."""
        with self._changing:
            if self._load is load:
                self._end()

    def _new_load(self, pause: float) -> Load:
        return Load(self._url, self._timeline, clients=CLIENTS, products=PRODUCTS, pause=pause)

    def _end(self) -> None:
        if self._rate:
            self._rate = 0
            self._load.stop()
            self._load.delete_products()
