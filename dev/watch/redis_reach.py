"""
Checks whether the stack's Redis answers, and pauses, resumes and flushes it.

Records each time that Redis is unavailable on a timeline, for the judgement of stale reads. A pause
is SIGSTOP: connections stay open and get no replies. Only a Redis that the stack has started is
changed. One that the environment names may belong to other users.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from typing import Final

import redis

from chalicelib.redis_store.client import connector
from chalicelib.settings import Settings
from dev.faults.timeline import Timeline, Window
from dev.stack.servers import Valkey
from dev.watch.refused import CommandRefused

_CHECK_SECONDS: Final = 0.25
_PATIENCE_SECONDS: Final = 0.25
_FAILURES: Final = (redis.RedisError, OSError)


class RedisReach:
    """Checks Redis several times a second. Call `check` after a pause or a resume."""

    def __init__(self, settings: Settings, valkey: Valkey | None, timeline: Timeline) -> None:
        patient = replace(settings, redis_timeout_seconds=_PATIENCE_SECONDS)
        self._client = connector(patient)(settings.redis_host, settings.redis_port)
        self._valkey = valkey
        self._timeline = timeline
        self._window: Window | None = None
        self._answered = time.monotonic()
        self._checking = threading.Lock()

    @property
    def answers(self) -> bool:
        """Whether Redis answered the last check."""
        return self._window is None

    @property
    def is_owned(self) -> bool:
        """Whether the stack started Redis."""
        return self._valkey is not None

    def run(self, ended: threading.Event) -> None:
        """Check repeatedly until `ended` is set."""
        while not ended.wait(_CHECK_SECONDS):
            self.check()

    def check(self) -> None:
        """Check whether Redis answers now."""
        with self._checking:
            started = time.monotonic()
            try:
                self._client.ping()
            except _FAILURES:
                self._note_unavailable()
            else:
                self._note_available(started)

    def pause(self) -> None:
        """Pause Redis. Raise `CommandRefused`."""
        self._owned().signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume Redis. Raise `CommandRefused`."""
        self._owned().signal(signal.SIGCONT)

    def resume_if_owned(self) -> None:
        """Resume Redis if the stack started it, so that it does not stay paused."""
        if self._valkey is not None:
            self._valkey.signal(signal.SIGCONT)

    def flush(self) -> None:
        """Flush Redis. Raise `CommandRefused`, also if it does not answer."""
        if not self._owned().flush():
            raise CommandRefused("The stack's own Redis does not answer, so it was not flushed")

    def _owned(self) -> Valkey:
        if self._valkey is None:
            raise CommandRefused("This Redis is not the stack's own: REDIS_HOST names it")
        return self._valkey

    def _note_unavailable(self) -> None:
        """Begin an outage at the time of the last answer."""
        if self._window is None:
            self._window = Window("out of reach", outage=True, started=self._answered)
            self._timeline.windows.append(self._window)

    def _note_available(self, started: float) -> None:
        self._answered = started
        if self._window is not None:
            self._window.ended = time.monotonic()
            self._window = None
