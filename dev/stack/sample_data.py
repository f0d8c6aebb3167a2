"""Stores sample items in an empty table, with the resource's own rules and repository."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from chalicelib.api import strict_json
from chalicelib.bootstrap import Parts
from chalicelib.errors import Unavailable
from dev.stack.programs import StartFailed

SAMPLES: Final = Path(__file__).with_name("samples")
"""The directory of sample files, one per resource. A file has at most 25 items, one batch."""
_TRIES: Final = 10


def load_samples(parts: Parts) -> int:
    """Store the samples if the table is empty; return their number. Raise `StartFailed`."""
    file = SAMPLES / f"{parts.resource.name}.ndjson"
    try:
        if not file.exists() or any(True for _ in parts.repository.all()):
            return 0
        lines = file.read_text(encoding="utf-8").splitlines()
        samples = [_sample(parts, line) for line in lines]
        _store(parts, samples)
    except Unavailable as error:
        raise StartFailed(f"The samples could not be stored: {error}") from error
    return len(samples)


def _sample(parts: Parts, line: str) -> Any:
    item_id, fields = parts.parse_identified(strict_json.decode(line.encode()))
    if item_id is None:
        raise StartFailed(f"A sample has no id: {line}")
    return parts.repository.new(item_id, fields)


def _store(parts: Parts, items: Sequence[Any]) -> None:
    left = parts.repository.put_all(items)
    for pause in range(1, _TRIES):
        if not left:
            return
        time.sleep(pause / 10)
        left = parts.repository.put_all(left)
    raise StartFailed(f"{len(left)} samples were not stored")
