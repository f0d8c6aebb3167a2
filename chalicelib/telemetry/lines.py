"""
A fact as a line of the log: JSON for machines, text for people. Knows no request.

The standard library's logging: a fact is a record, its fields are `record.fields`, and what
CloudWatch is to read out of it as metrics is `record.tally`.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib.settings import LOCAL
from chalicelib.telemetry.metrics import DIMENSION, Tally, directive

_encode: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Record(logging.LogRecord):
    """
    A fact with its fields, and what it counts.

    What logging finds out for each line (file, thread, process: 8 µs) is here found out once.
    """

    _SAME_FOR_ALL: Final = vars(logging.LogRecord("", logging.INFO, "", 0, "", None, None))

    def __init__(
        self, name: str, message: str, fields: dict[str, Any], tally: Tally | None
    ) -> None:
        now = time.time()
        vars(self).update(self._SAME_FOR_ALL)
        self.name, self.msg = name, message
        self.created, self.msecs = now, now * 1000 % 1000
        self.fields = fields
        self.tally = tally


class _Line(logging.Formatter):
    """The base of both forms: the text of an error is logged only on the stage `local`."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self._stage = stage

    def formatException(self, ei: Any) -> str:  # noqa: N802 — the base's name
        """Return the traceback."""
        return super().formatException(ei) if self._stage == LOCAL else _without_texts(ei[1])


class Json(_Line):
    """One JSON object a line. A line with a tally has CloudWatch's `_aws` at its end."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        tally = getattr(record, "tally", None)
        return _encode(line) if tally is None else self._with_metrics(line, record, tally)

    def _with_metrics(self, line: dict[str, Any], record: logging.LogRecord, tally: Tally) -> str:
        """Write `_aws` from a text that is kept: it differs by its time only."""
        values = tally.members()
        text = _encode({**line, DIMENSION: self._stage, **values})
        when, metrics = int(record.created * 1000), directive(tuple(values))
        return f'{text[:-1]}, "_aws": {{"Timestamp": {when}, "CloudWatchMetrics": {metrics}}}}}'


class Text(_Line):
    """For people, in a terminal: no metrics."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception's traceback follows it."""
        moment = f"{self.formatTime(record, '%H:%M:%S')}.{record.msecs:03.0f}"
        line = for_people(moment, record.levelname, record.getMessage(), _fields(record))
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def for_people(moment: str, level: str, message: str, fields: Mapping[str, Any]) -> str:
    """Return a fact as a terminal shows it."""
    text = "".join([f"  {name}={value}" for name, value in fields.items()])
    return f"{moment} {level:<7} {message:<16}{text}"


def _without_texts(error: BaseException | None) -> str:
    """
    Return the traceback with the kind of each error, in the order in which they came about.

    Their texts are left out: a driver's error often quotes what a client has sent.
    """
    tracebacks = []
    while error is not None:
        tracebacks.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(reversed(tracebacks))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields
