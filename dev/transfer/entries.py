"""
The products of a file to import, each to be stored or rejected with a reason.

By the rules of the API: the same decoding, the same models. Knows neither storage nor terminal.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from chalicelib.api import strict_json
from chalicelib.errors import FieldError, InvalidFields
from chalicelib.products import schemas
from dev.transfer.formats import MAX_LINE_BYTES, Row

_REASONS_SHOWN: Final = 5


class Entry(NamedTuple):
    """A product to store, its place in the file, and its id: the given one or a new one."""

    place: str
    product_id: str
    fields: dict[str, Any]


class Reject(NamedTuple):
    """A product that breaks a rule, and which."""

    place: str
    reason: str


def read(rows: Iterable[Row]) -> Iterator[Entry | Reject]:
    """Apply the rules to each row. Of rows with the same id, the first valid one is an entry."""
    seen: set[int] = set()  # 128-bit numbers take a third of the memory of their texts
    for row in rows:
        entry = _parse(row)
        if isinstance(entry, Entry):
            number = uuid.UUID(entry.product_id).int
            if number in seen:
                entry = Reject(row.place, f"id: {entry.product_id} is given twice")
            seen.add(number)
        yield entry


def _parse(row: Row) -> Entry | Reject:
    if len(row.text) > MAX_LINE_BYTES:
        return Reject(row.place, f"longer than {MAX_LINE_BYTES // 1024} KiB")
    try:
        draft = schemas.parse(schemas.IdentifiedDraft, strict_json.decode(row.text))
    except InvalidFields as error:
        return Reject(row.place, _broken_rules(error))
    except json.JSONDecodeError as error:  # its line is one within the row, and would mislead
        return Reject(row.place, f"not valid JSON: {error.msg} (column {error.colno})")
    except ValueError as error:
        return Reject(row.place, f"not valid JSON: {error}")
    return Entry(row.place, draft.id or str(uuid.uuid4()), draft.model_dump(exclude={"id"}))


def _broken_rules(invalid: InvalidFields) -> str:
    shown = [f"{_field(error)}: {error.msg}" for error in invalid.errors[:_REASONS_SHOWN]]
    more = invalid.count - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def _field(error: FieldError) -> str:
    """Return the field's name, which the file chose: escaped, so that no terminal acts on it."""
    name = error.field if error.loc else "product"
    return name if name.isprintable() else ascii(name)
