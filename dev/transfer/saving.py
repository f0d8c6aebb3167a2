"""The writing side of an export: a file that is there whole or not at all. Knows no storage."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chalicelib.resources.representation import Representation


def write(items: Iterable[Representation], file: BinaryIO) -> int:
    """Write each item as the API represents it, a line each; return how many."""
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007 — returned
        file.write(item.body.encode() + b"\n")
    return count


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """
    Open a file that takes the place of `path` once the block is through. Raise `OSError`.

    Where the block fails, `path` is as it was. What is no plain file (a pipe, `/dev/null`) cannot
    be replaced and is written to as it is.
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
