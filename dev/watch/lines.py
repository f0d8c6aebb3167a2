"""Parses a server's log line from JSON, and formats it as text. Knows no messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from chalicelib.telemetry.lines import for_people
from chalicelib.telemetry.metrics import DIMENSION, UNITS

Line = dict[str, Any]

_decode: Final = json.JSONDecoder().decode
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_HEAD: Final = frozenset({"time", "level", "message"})
_HIDDEN: Final = _HEAD | {"exception", "_aws", DIMENSION} | UNITS.keys()
_SECONDS: Final = len("2026-11-22T12:00:00")
_MILLISECONDS: Final = _SECONDS + len(".000")


def parse(raw: bytes) -> Line | None:
    """Return the line's members, or `None` if it is not a log line, such as a traceback."""
    if not raw.startswith(b"{"):
        return None
    try:
        line: Line = _decode(raw.decode())
    except ValueError:
        return None
    return line if line.keys() >= _HEAD else None


def as_text(line: Mapping[str, Any]) -> str:
    """Return the line as text, in local time and without metrics."""
    fields = {name: value for name, value in line.items() if name not in _HIDDEN}
    moment = clock(line) + line["time"][_SECONDS:_MILLISECONDS]
    text = for_people(moment, line["level"], line["message"], fields)
    return f"{text}\n{line['exception']}" if "exception" in line else text


def clock(line: Mapping[str, Any]) -> str:
    """Return the line's local time, to the second."""
    return _local(line["time"][:_SECONDS])


def reaches(line: Mapping[str, Any], level: str) -> bool:
    """Return whether a line has this level or a higher one."""
    return LEVELS.index(line["level"]) >= LEVELS.index(level)


@lru_cache(maxsize=8)
def _local(utc: str) -> str:
    """Convert UTC to local time. Cached, because under load a second has thousands of lines."""
    return f"{datetime.fromisoformat(f'{utc}+00:00').astimezone():%H:%M:%S}"
