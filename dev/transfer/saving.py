"""Writes an export. The file is replaced completely or not at all. Knows no storage."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chalicelib.resources.representation import Representation


def write(items: Iterable[Representation], file: BinaryIO) -> int:
    """Write each item in the API's representation, one per line; return their number."""
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007 — returned
        file.write(item.body.encode() + b"\n")
    return count


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """
    Open a file that replaces `path` after the block. Raise `OSError`.

    If the block fails, `path` does not change. A path that is not a regular file (a pipe,
    `/dev/null`) cannot be replaced and is written to directly.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
