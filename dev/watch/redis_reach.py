"""
Checks whether the stack's Redis answers.

Records each time that Redis is unavailable on a timeline, for the judgement of stale reads.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Final

import redis

from chalicelib.redis_store.client import connector
from chalicelib.settings import Settings
from dev.faults.timeline import Timeline, Window

_CHECK_SECONDS: Final = 0.25
_PATIENCE_SECONDS: Final = 0.25
_FAILURES: Final = (redis.RedisError, OSError)


class RedisReach:
    """Checks Redis several times a second. Call `check` after a pause or a resume."""

    def __init__(self, settings: Settings, timeline: Timeline) -> None:
        patient = replace(settings, redis_timeout_seconds=_PATIENCE_SECONDS)
        self._client = connector(patient)(settings.redis_host, settings.redis_port)
        self._timeline = timeline
        self._outage: Window | None = None
        self._answered = time.monotonic()
        self._checking = threading.Lock()

    @property
    def answers(self) -> bool:
        """Whether Redis answered the last check."""
        return self._outage is None

    def run(self, ended: threading.Event) -> None:
        """Check repeatedly until `ended` is set."""
        while not ended.wait(_CHECK_SECONDS):
            self.check()

    def check(self) -> None:
        """Check whether Redis answers now. An outage begins at the time of the last answer."""
        with self._checking:
            started = time.monotonic()
            try:
                self._client.ping()
            except _FAILURES:
                if self._outage is None:
                    self._outage = Window("out of reach", outage=True, started=self._answered)
                    self._timeline.windows.append(self._outage)
            else:
                self._answered = started
                if self._outage is not None:
                    self._outage.ended = time.monotonic()
                    self._outage = None
