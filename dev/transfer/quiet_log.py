"""Counts chalicelib's warnings during an import: without Redis it logs two per product."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator


class QuietLog(logging.Handler):
    """Replaces chalicelib's log handlers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._counts: Counter[str] = Counter()
        log = logging.getLogger("catalog")
        log.handlers, log.propagate = [self], False
        log.setLevel(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a warning by its text and reason."""
        reason = getattr(record, "fields", {}).get("reason")
        message = record.getMessage()
        self._counts[f"{message} ({reason})" if reason else message] += 1

    def warnings(self) -> Iterator[str]:
        """Yield a line for each kind of warning, and one for their effect on readers."""
        yield from (f"{message} × {count}" for message, count in self._counts.items())
        if any(message.startswith(("cache fence", "cache release")) for message in self._counts):
            yield (
                "Redis was unavailable: old copies of overwritten products may be read until "
                "the table's stream deletes them or they expire"
            )
