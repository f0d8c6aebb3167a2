"""
The state that the page shows: counts, open circuits and last events, from log lines.

Log readers add lines from their threads. Any thread may read the state.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from dev.stack.servers import Api
from dev.watch.counts import Counts
from dev.watch.lines import Line, clock

EVENTS_KEPT: Final = 8
_OPENED: Final = "cache circuit opened"
_CLOSED: Final = "cache circuit closed"
_QUIET: Final = ("DEBUG", "INFO")
_ACTION: Final = "INFO"
"""The level of user actions. Each one is a separate event."""


@dataclass(slots=True)
class Event:
    """An event, its last local time, and the number of repeats."""

    text: str
    level: str
    time: str
    times: int = 1


class State:
    """Counts since the stack's start. `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = Counts()
        self._open_circuits = 0
        """Each process of the API has its own circuit breaker."""
        self._events: list[Event] = []

    def add_api_lines(self, lines: Iterable[Line]) -> None:
        """Add the API's log lines."""
        second = int(self._clock())
        with self._lock:
            for line in lines:
                self._counts.add(line, second)
                self._follow_circuit(line["message"])
                self._note(line)

    def add_stream_lines(self, lines: Iterable[Line]) -> None:
        """Add the stream feed's log lines, which contain no requests."""
        with self._lock:
            for line in lines:
                self._note(line)

    def add_event(self, text: str) -> None:
        """Add an event that is in no log line."""
        with self._lock:
            self._add(text, _ACTION, f"{datetime.now().astimezone():%H:%M:%S}")

    def restarted(self, name: str) -> None:
        """Record that a server died and is restarted."""
        if name == Api.name:
            with self._lock:
                self._open_circuits = 0
        self.add_event(f"{name} has died; restarting it")

    def shown(self) -> dict[str, Any]:
        """Return the values for the page."""
        with self._lock:
            return {
                **self._counts.shown(int(self._clock())),
                "open_circuits": self._open_circuits,
                "events": [asdict(event) for event in self._events],
            }

    def _follow_circuit(self, message: str) -> None:
        if message == _OPENED:
            self._open_circuits += 1
        elif message == _CLOSED:
            self._open_circuits = max(0, self._open_circuits - 1)

    def _note(self, line: Line) -> None:
        if line["level"] not in _QUIET or line["message"] == _CLOSED:
            reason = f": {line['reason']}" if "reason" in line else ""
            self._add(f"{line['message']}{reason}", line["level"], clock(line))

    def _add(self, text: str, level: str, time: str) -> None:
        """Add an event as the newest. Count a warning that repeats since the last user action."""
        for event in takewhile(lambda each: each.level != _ACTION, self._events):
            if event.text == text and level != _ACTION:
                event.time = time
                event.times += 1
                return
        self._events = [Event(text, level, time), *self._events][:EVENTS_KEPT]
