"""
The formats of a file to import: NDJSON or a JSON array, in UTF-8 with or without a byte order mark.

Splits a file into the JSON texts of its items. Does not parse the items.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

MAX_LINE_BYTES: Final = 1024 * 1024
"""Sixteen times the longest escaped item. The rest of a longer line is not kept in memory."""
MAX_ARRAY_BYTES: Final = 64 * 1024 * 1024
"""An array is loaded into memory."""

_JSON: Final = json.JSONDecoder(parse_float=str, parse_int=str)
"""Finds the end of a value. Accepts numbers of any length, which the item's rules check."""
_ELEMENT: Final = re.compile(r"[^\s,\]]")


class FormatError(Exception):
    """A file in an invalid format. The text contains the reason."""


class Row(NamedTuple):
    """The JSON text of an item, and its place in the file."""

    place: str
    text: bytes | str


def rows(file: BinaryIO) -> Iterable[Row]:
    """
    Return the items' texts. NDJSON is read line by line, an array at once.

    Raise `FormatError` before the first item if the format is invalid. A broken line after the
    first is returned as a row: that item is rejected, and the others are not.
    """
    lines = _lines(file)
    for number, line in lines:
        if line.lstrip().startswith(b"["):
            return list(_elements(b"\n" * (number - 1) + line + file.read(MAX_ARRAY_BYTES)))
        if line.strip():
            if not _is_object(line):
                raise FormatError(
                    f"line {number} is not a JSON object; expected NDJSON (one JSON object per "
                    "line) or a JSON array, in UTF-8"
                )
            every = chain([(number, line)], lines)
            return (Row(f"line {number}", line) for number, line in every if line.strip())
    return ()


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield numbered lines. A line over the limit is cut just above the limit."""
    number, line = 1, file.readline(MAX_LINE_BYTES + 1).removeprefix(codecs.BOM_UTF8)
    while line:
        yield number, line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES + 1)
        number, line = number + 1, file.readline(MAX_LINE_BYTES + 1)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_JSON.decode(line.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _elements(content: bytes) -> Iterator[Row]:
    """Yield the elements of an array, each with its number and line."""
    if len(content) > MAX_ARRAY_BYTES:
        limit = MAX_ARRAY_BYTES // 1024**2
        raise FormatError(
            f"a JSON array of more than {limit} MiB; use NDJSON for files of this size"
        )
    try:
        text = content.decode()
        _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the JSON array cannot be read: {error}") from None
    number, line, begin, end = 0, 1, 0, text.index("[") + 1
    while element := _ELEMENT.search(text, end):
        number += 1
        line += text.count("\n", begin, element.start())
        begin = element.start()
        _, end = _JSON.raw_decode(text, begin)
        yield Row(f"product {number} (line {line})", text[begin:end])
