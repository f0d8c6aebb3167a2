"""A server's log line: read as JSON, told as text. Knows the form of a line and no message."""

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
    """Return the line's members; `None` for what is no log line: a traceback of the start, say."""
    if not raw.startswith(b"{"):
        return None
    try:
        line: Line = _decode(raw.decode())
    except ValueError:
        return None
    return line if line.keys() >= _HEAD else None


def as_text(line: Mapping[str, Any]) -> str:
    """Return it for people: by the clock of this machine, without its metrics."""
    fields = {name: value for name, value in line.items() if name not in _HIDDEN}
    moment = clock(line) + line["time"][_SECONDS:_MILLISECONDS]
    text = for_people(moment, line["level"], line["message"], fields)
    return f"{text}\n{line['exception']}" if "exception" in line else text


def clock(line: Mapping[str, Any]) -> str:
    """Return when the line was written, by the clock of this machine, to the second."""
    return _local(line["time"][:_SECONDS])


def reaches(line: Mapping[str, Any], level: str) -> bool:
    """Tell whether a line is of this level or above."""
    return LEVELS.index(line["level"]) >= LEVELS.index(level)


@lru_cache(maxsize=8)
def _local(utc: str) -> str:
    """Convert a second of UTC. Under load there are thousands of lines in each."""
    return f"{datetime.fromisoformat(f'{utc}+00:00').astimezone():%H:%M:%S}"
