"""
The lines of a file to import, each a product or a reason to reject it.

By the rules of the API: the same decoding, the same models. Knows neither storage nor terminal.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from chalicelib import exact_json, models
from chalicelib.errors import FieldError, InvalidProduct

MAX_LINE_BYTES: Final = 1024 * 1024
"""Some sixteen times the longest product, escaped. What is longer is not even kept in memory."""
_CHUNK_BYTES: Final = 1024 * 1024
_REASONS_SHOWN: Final = 5
_NAME_SHOWN: Final = 60


class Entry(NamedTuple):
    """A product to store, the line it stands on, and the id it brought along or was given."""

    line: int
    product_id: str
    fields: dict[str, Any]


class Reject(NamedTuple):
    """A line that cannot be stored, and why."""

    line: int
    reason: str


def count(file: BinaryIO) -> int | None:
    """Return how many lines `file` has, and rewind it; of a pipe, `None`."""
    if not file.seekable():
        return None
    lines = 0
    while chunk := file.read(_CHUNK_BYTES):
        lines += chunk.count(b"\n")
    file.seek(0)
    return lines


def read(file: BinaryIO) -> Iterator[Entry | Reject]:
    """Go through the lines that are not blank. An id given twice: the first line has it."""
    first: dict[str, int] = {}
    for number, line in enumerate(iter(lambda: _next(file), b""), start=1):
        if not line.strip():
            continue
        entry = _parse(number, line)
        if isinstance(entry, Entry):
            holder = first.setdefault(entry.product_id, number)
            if holder != number:
                entry = Reject(number, f"id: given twice, first on line {holder}")
        yield entry


def _next(file: BinaryIO) -> bytes:
    """Return the next line; of one over the limit, no more than shows that it is."""
    line = rest = file.readline(MAX_LINE_BYTES + 1)
    while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
        rest = file.readline(MAX_LINE_BYTES + 1)
    return line


def _parse(number: int, line: bytes) -> Entry | Reject:
    if len(line) > MAX_LINE_BYTES:
        return Reject(number, f"longer than {MAX_LINE_BYTES // 1024} KiB")
    try:
        draft = models.parse(models.IdentifiedDraft, exact_json.decode(line))
    except InvalidProduct as error:
        return Reject(number, _broken_rules(error))
    except ValueError as error:
        return Reject(number, f"not valid JSON: {_fault(error)}")
    return Entry(number, draft.id or str(uuid.uuid4()), draft.model_dump(exclude={"id"}))


def _broken_rules(invalid: InvalidProduct) -> str:
    told = [f"{_field(error)}: {error.msg}" for error in invalid.errors[:_REASONS_SHOWN]]
    more = invalid.count - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _field(error: FieldError) -> str:
    """Name the field. The file chose the name: nothing in it may reach the terminal as it is."""
    name = ".".join(map(str, error.loc)) or "product"
    shown = name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…"
    return shown if shown.isprintable() else ascii(shown)


def _fault(error: ValueError) -> str:
    """Say what is wrong; a line's number within the line would only mislead."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)
