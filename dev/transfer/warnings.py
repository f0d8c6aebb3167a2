"""
What chalicelib warns of during an import, told once at the end.

Without Redis it warns twice a product, which would hide the rejects among them.
"""

from __future__ import annotations

import logging
from collections import Counter


class Tally(logging.Handler):
    """Counts warnings by their text and reason."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        reason = getattr(record, "fields", {}).get("reason")
        message = record.getMessage()
        self._counts[f"{message} ({reason})" if reason else message] += 1

    def told(self) -> list[str]:
        """Return a line for each kind of warning, and what they mean for readers."""
        lines = [f"{message} × {count}" for message, count in self._counts.items()]
        if any(line.startswith(("cache fence lost", "cache release lost")) for line in lines):
            lines.append(
                "Redis was out of reach: old copies of what was overwritten may be read until "
                "the table's stream deletes them or they expire"
            )
        return lines


def listen() -> Tally:
    """Take over chalicelib's log: warnings are counted, the rest is left out."""
    tally = Tally()
    log = logging.getLogger("catalog")
    log.handlers = [tally]
    log.setLevel(logging.WARNING)
    log.propagate = False
    return tally
