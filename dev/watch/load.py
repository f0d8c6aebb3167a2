"""
The load that the page starts and stops: several clients, and the sum of their results.

`load_client.py` contains one client.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from dev.faults.client import Client
from dev.faults.timeline import Timeline, Verdict
from dev.watch.load_client import LoadClient, MadeProducts

RATES: Final = (20, 100, 400)
"""The choices of requests per second on the page."""
CLIENTS: Final = 8
"""Enough for the middle rate while Redis hangs, when a write takes 0.2 s."""
_STOP_SECONDS: Final = 5.0


class LoadCounts:
    """The results of the load since the stack's start."""

    def __init__(self) -> None:
        self._sent = 0
        self._checked = 0
        self._verdicts = dict.fromkeys(Verdict, 0)
        self._lock = threading.Lock()

    def sent(self) -> None:
        """Count a request."""
        with self._lock:
            self._sent += 1

    def checked(self, verdict: Verdict | None) -> None:
        """Count a checked read. `None` means that it was fresh."""
        with self._lock:
            self._checked += 1
            if verdict is not None:
                self._verdicts[verdict] += 1

    def shown(self) -> dict[str, int]:
        """Return the values for the page. `stale` breaks a promise, promise 3 allows `late`."""
        late = self._verdicts[Verdict.LATE]
        stale = sum(self._verdicts.values()) - late
        return {"sent": self._sent, "checked": self._checked, "stale": stale, "late": late}


class LiveLoad:
    """The running load, if any. `start` and `stop` may be called from any thread."""

    def __init__(self, url: str, timeline: Timeline) -> None:
        self.rate = 0
        self._counts = LoadCounts()
        self._url = url
        self._timeline = timeline
        self._clients: list[LoadClient] = []
        self._changing = threading.Lock()

    def start(self, rate: int) -> None:
        """Start the load, or restart it at another rate."""
        with self._changing:
            self._end()
            self.rate = rate
            products = MadeProducts(CLIENTS)
            self._clients = [self._client(products, place) for place in range(CLIENTS)]
            for client in self._clients:
                client.start()

    def stop(self) -> None:
        """Stop the load and delete its products. No effect if there is no load."""
        with self._changing:
            self._end()

    def shown(self) -> dict[str, Any]:
        """Return the values for the page."""
        return {"rate": self.rate, **self._counts.shown()}

    def _client(self, products: MadeProducts, place: int) -> LoadClient:
        connection = Client(self._url)
        pause = CLIENTS / self.rate
        return LoadClient(connection, products, place, self._timeline, self._counts, pause)

    def _end(self) -> None:
        for client in self._clients:
            client.ended.set()
        for client in self._clients:
            client.join(_STOP_SECONDS)
        self._clients = []
        self.rate = 0
