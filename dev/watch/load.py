"""The load that the page starts and stops: that of `make freshness`, at a rate."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, Final

from dev.faults.load import Load
from dev.faults.timeline import Timeline, Verdict

RATES: Final = (20, 100, 400)
"""The choices of requests per second on the page."""
CLIENTS: Final = 8
"""Enough for the middle rate while Redis hangs, when a write takes 0.2 s."""
PRODUCTS: Final = 12


class LiveLoad:
    """The running load, if any, and the results since the stack's start. Thread-safe."""

    def __init__(self, url: str, timeline: Timeline) -> None:
        self._url = url
        self._timeline = timeline
        self._rate = 0
        self._load: Load | None = None
        self._ended: Counter[str] = Counter()
        """The results of loads that have ended."""
        self._changing = threading.Lock()

    def start(self, rate: int) -> None:
        """Start the load, or restart it at another rate. Raise `LoadFailed`."""
        with self._changing:
            self._end()
            load = Load(
                self._url,
                self._timeline,
                clients=CLIENTS,
                products=PRODUCTS,
                pause=CLIENTS / rate,
            )
            load.start()
            self._load, self._rate = load, rate

    def stop(self) -> None:
        """Stop the load and delete its products. No effect if there is no load."""
        with self._changing:
            self._end()

    def shown(self) -> dict[str, Any]:
        """Return the values for the page. `stale` breaks a promise, promise 3 allows `late`."""
        running = _results(self._load) if self._load else Counter[str]()
        results = self._ended + running
        return {"rate": self._rate} | {
            name: results[name] for name in ("sent", "checked", "stale", "late")
        }

    def _end(self) -> None:
        if self._load is not None:
            self._load.stop()
            self._ended += _results(self._load)
            ended, self._load, self._rate = self._load, None, 0
            ended.delete_products()


def _results(load: Load) -> Counter[str]:
    late = sum(stale.verdict is Verdict.LATE for stale in load.stale)
    return Counter(sent=load.sent, checked=load.checked, late=late, stale=len(load.stale) - late)
