"""The last events worth telling, the newest first. Repeated warnings become one, with a number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Final

KEPT: Final = 8
NEWS: Final = "INFO"
"""The level of what somebody did, which is told each time."""


@dataclass(slots=True)
class Event:
    """What happened, when last (by the clock on the wall), and how often in a row."""

    text: str
    level: str
    time: str
    times: int = 1


class Events:
    """The newest few."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def add(self, text: str, level: str, time: str) -> None:
        """Note that it happened; a warning perhaps once more since the last news."""
        for event in takewhile(lambda each: each.level != NEWS, self._events):
            if event.text == text and level != NEWS:
                event.time = time
                event.times += 1
                return
        self._events = [Event(text, level, time), *self._events][:KEPT]

    def shown(self) -> list[dict[str, Any]]:
        """Return them for the page."""
        return [asdict(event) for event in self._events]
