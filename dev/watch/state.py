"""
All that the page shows of the log: the counts, the open circuits, the last events.

Receives log lines from the log readers' threads; returns the present state to any thread.
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
_NEWS: Final = "INFO"
"""The level of what somebody did: each time is an event of its own."""


@dataclass(slots=True)
class Event:
    """What happened, its last time (by this machine's clock), and how often in a row."""

    text: str
    level: str
    time: str
    times: int = 1


class State:
    """Counts from the stack's start. `clock` returns seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = Counts()
        self._open_circuits = 0
        """Each process of the API has a circuit breaker of its own."""
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
        """Add the stream feed's log lines: it answers no request."""
        with self._lock:
            for line in lines:
                self._note(line)

    def add_event(self, text: str) -> None:
        """Add an event that is in no log line."""
        with self._lock:
            self._add(text, _NEWS, f"{datetime.now().astimezone():%H:%M:%S}")

    def restarted(self, name: str) -> None:
        """Note that a server has died and is started again."""
        if name == Api.name:
            with self._lock:
                self._open_circuits = 0
        self.add_event(f"{name} has died; starting it again")

    def shown(self) -> dict[str, Any]:
        """Return the log's share of what the page shows."""
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
        """Add an event, newest first; a warning once more since the last news is counted."""
        for event in takewhile(lambda each: each.level != _NEWS, self._events):
            if event.text == text and level != _NEWS:
                event.time = time
                event.times += 1
                return
        self._events = [Event(text, level, time), *self._events][:EVENTS_KEPT]
