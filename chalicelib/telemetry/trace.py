"""
One piece of work while it is done, a request or a batch: its ids, its counts, where its time went.

Knows neither log lines nor what is counted.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any, Final

from chalicelib.telemetry.metrics import Tally


class Trace:
    """`spent`: the seconds of each part, `cache` and `db`. `fields`: those of its line."""

    __slots__ = ("fields", "ids", "spent", "started", "tally")

    def __init__(self, **ids: str) -> None:
        self.ids = ids
        self.fields: dict[str, Any] = {}
        self.spent: dict[str, float] = {}
        self.tally = Tally()
        self.started = time.perf_counter()

    def server_timing(self) -> str:
        """Return the header `Server-Timing`, durations in milliseconds."""
        cache, db = self.spent.get("cache", 0.0) * 1000, self.spent.get("db", 0.0) * 1000
        app = (time.perf_counter() - self.started) * 1000 - cache - db
        return f"cache;dur={cache:.2f}, db;dur={db:.2f}, app;dur={app:.2f}"

    def times(self) -> dict[str, float]:
        """Return the whole and the parts in milliseconds, by the names that lines have for them."""
        total = time.perf_counter() - self.started
        parts = {f"{name}_ms": round(seconds * 1000, 3) for name, seconds in self.spent.items()}
        return {"ms": round(total * 1000, 3), **parts}


current: Final[ContextVar[Trace]] = ContextVar("trace", default=Trace())  # noqa: B039 — outside
