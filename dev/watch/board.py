"""
All that the page shows, put together: the counts, Redis, the circuit, the load, the last events.

Takes log lines in, from the tap's thread; gives what is so now, to any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from dev.servers import Api
from dev.watch.circuits import CLOSED, Circuits
from dev.watch.counting import Counts
from dev.watch.events import NEWS, Events
from dev.watch.lines import Line, clock

_CALM: Final = ("DEBUG", "INFO")


class Board:
    """Counts from the stack's start on. `clock` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = Counts()
        self._circuits = Circuits()
        self._events = Events()

    def of_api(self, lines: Iterable[Line]) -> None:
        """Add what the API's log lines tell."""
        second = int(self._clock())
        with self._lock:
            for line in lines:
                self._counts.take(line, second)
                self._circuits.take(line["message"])
                self._note(line)

    def of_stream(self, lines: Iterable[Line]) -> None:
        """Add what the stream feed's log lines tell: it answers no request."""
        with self._lock:
            for line in lines:
                self._note(line)

    def tell(self, text: str) -> None:
        """Note an event that stands in no log line."""
        with self._lock:
            self._events.add(text, NEWS, f"{datetime.now().astimezone():%H:%M:%S}")

    def started_anew(self, name: str) -> None:
        """Note that a server has died and is started again."""
        if name == Api.name:
            with self._lock:
                self._circuits.reset()
        self.tell(f"{name} has died; starting it again")

    def shown(self) -> dict[str, Any]:
        """Return the log's share of what the page shows."""
        with self._lock:
            return {
                **self._counts.shown(int(self._clock())),
                "open_circuits": self._circuits.open,
                "events": self._events.shown(),
            }

    def _note(self, line: Line) -> None:
        if line["level"] not in _CALM or line["message"] == CLOSED:
            reason = f": {line['reason']}" if "reason" in line else ""
            self._events.add(f"{line['message']}{reason}", line["level"], clock(line))
