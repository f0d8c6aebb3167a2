"""
An item of any resource as clients read it: JSON with a version. Knows no fields.

What the cache holds, what an answer sends and what a page lists are such representations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final, NamedTuple

ID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
"""An id as this API makes them: a UUID in lower case."""
VERSION_PATTERN: Final = r"0|[1-9][0-9]{0,37}"
"""A version: up to 38 digits, as DynamoDB's numbers have."""


class Representation(NamedTuple):
    """An item ready to send."""

    version: int
    last_modified: str
    """As HTTP writes dates: `Sun, 22 Nov 2026 16:11:21 GMT`."""
    body: str


class Page(NamedTuple):
    """A part of a listing, and the cursor of the next part (`None` at the end)."""

    items: tuple[Representation, ...]
    next_cursor: str | None


def is_id(text: str) -> bool:
    """Return whether an item can have `text` as its id."""
    return re.fullmatch(ID_PATTERN, text) is not None


def render(version: int, updated_at: datetime, fields: Mapping[str, Any]) -> Representation:
    """Return the representation of `fields`, text unescaped. The first field must be the id."""
    last_modified = format_datetime(updated_at.replace(microsecond=0), usegmt=True)
    return Representation(version, last_modified, json.dumps(fields, ensure_ascii=False))


def render_page(page: Page) -> str:
    """Return `{"items": […], "next_cursor": …}`."""
    return f'{{"items": {_array(page.items)}, "next_cursor": {json.dumps(page.next_cursor)}}}'


def render_selection(items: Mapping[str, Representation | None]) -> str:
    """Return `{"items": […], "missing": […]}` for items requested by id, in their order."""
    found = [item for item in items.values() if item is not None]
    missing = [item_id for item_id, item in items.items() if item is None]
    return f'{{"items": {_array(found)}, "missing": {json.dumps(missing)}}}'


def _array(items: Iterable[Representation]) -> str:
    return f"[{', '.join(item.body for item in items)}]"
