"""
Parses the items of a file to import. Each becomes an entry to store, or a reject with a reason.

Uses the API's decoder and models. Knows neither storage nor terminal.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from chalicelib.api import strict_json
from chalicelib.errors import FieldError, InvalidFields
from dev.transfer.formats import MAX_LINE_BYTES, Row

Parse = Callable[[object], tuple[str | None, dict[str, Any]]]

_REASONS_SHOWN: Final = 5


class Entry(NamedTuple):
    """An item to store, with its place in the file and its id, which may be new."""

    place: str
    item_id: str
    fields: dict[str, Any]


class Reject(NamedTuple):
    """An item that breaks a rule, and the reason."""

    place: str
    reason: str


def read(rows: Iterable[Row], parse: Parse) -> Iterator[Entry | Reject]:
    """
    Apply the rules to each row. Of rows with the same id, the first valid one is an entry.

    `parse` returns the id, if there is one, and the fields, or raises `InvalidFields`.
    """
    seen: set[int] = set()  # 128-bit numbers take a third of the memory of their texts
    for row in rows:
        entry = _parse(row, parse)
        if isinstance(entry, Entry):
            number = uuid.UUID(entry.item_id).int
            if number in seen:
                entry = Reject(row.place, f"id: {entry.item_id} is given twice")
            seen.add(number)
        yield entry


def _parse(row: Row, parse: Parse) -> Entry | Reject:
    if len(row.text) > MAX_LINE_BYTES:
        return Reject(row.place, f"longer than {MAX_LINE_BYTES // 1024} KiB")
    try:
        item_id, fields = parse(strict_json.decode(row.text))
    except InvalidFields as error:
        return Reject(row.place, _broken_rules(error))
    except json.JSONDecodeError as error:  # its line number counts within the row
        return Reject(row.place, f"not valid JSON: {error.msg} (column {error.colno})")
    except ValueError as error:
        return Reject(row.place, f"not valid JSON: {error}")
    return Entry(row.place, item_id or str(uuid.uuid4()), fields)


def _broken_rules(invalid: InvalidFields) -> str:
    shown = [f"{_field(error)}: {error.msg}" for error in invalid.errors[:_REASONS_SHOWN]]
    more = invalid.count - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _field(error: FieldError) -> str:
    """Return the field's name, escaped: it comes from the file, and a terminal could act on it."""
    name = error.field if error.loc else "item"
    return name if name.isprintable() else ascii(name)
