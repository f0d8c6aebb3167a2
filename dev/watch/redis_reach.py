"""
The stack's Redis, from outside the API: whether it answers, and how it is paused, resumed, flushed.

Notes each time that it was out of reach on a timeline, by which stale reads are judged. Pausing is
SIGSTOP: the connections stay, and nothing answers. Only a Redis that the stack has started is
touched; one that the environment names may be somebody else's.
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

_LOOK_SECONDS: Final = 0.25
_PATIENCE_SECONDS: Final = 0.25
_FAILURES: Final = (redis.RedisError, OSError)


class RedisReach:
    """Looks a few times a second; who pauses or resumes it should have it look at once."""

    def __init__(self, settings: Settings, valkey: Valkey | None, timeline: Timeline) -> None:
        patient = replace(settings, redis_timeout_seconds=_PATIENCE_SECONDS)
        self._client = connector(patient)(settings.redis_host, settings.redis_port)
        self._valkey = valkey
        self._timeline = timeline
        self._window: Window | None = None
        self._answered = time.monotonic()
        self._looking = threading.Lock()

    @property
    def answers(self) -> bool:
        """Whether it did when last looked at."""
        return self._window is None

    @property
    def is_ours(self) -> bool:
        """Whether the stack started it."""
        return self._valkey is not None

    def run(self, ended: threading.Event) -> None:
        """Look again and again until the end."""
        while not ended.wait(_LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """See whether it answers now."""
        with self._looking:
            started = time.monotonic()
            try:
                self._client.ping()
            except _FAILURES:
                self._is_gone()
            else:
                self._is_there(started)

    def pause(self) -> None:
        """Let it hang. Raise `CommandRefused`."""
        self._ours().signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on. Raise `CommandRefused`."""
        self._ours().signal(signal.SIGCONT)

    def let_go(self) -> None:
        """As `resume`, where it is ours to resume: at the end nothing stays paused."""
        if self._valkey is not None:
            self._valkey.signal(signal.SIGCONT)

    def flush(self) -> None:
        """Empty it. Raise `CommandRefused`, also where it does not answer."""
        if not self._ours().flush():
            raise CommandRefused("The stack's own Redis does not answer, so nothing was flushed")

    def _ours(self) -> Valkey:
        if self._valkey is None:
            raise CommandRefused("This Redis is not the stack's own: REDIS_HOST names it")
        return self._valkey

    def _is_gone(self) -> None:
        """Date an outage back to the last time that all was well: it began since."""
        if self._window is None:
            self._window = Window("out of reach", outage=True, started=self._answered)
            self._timeline.windows.append(self._window)

    def _is_there(self, started: float) -> None:
        self._answered = started
        if self._window is not None:
            self._window.ended = time.monotonic()
            self._window = None
