"""Puts sample products into an empty table, by the catalog's own models and repository."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Final

from chalicelib.errors import Unavailable
from chalicelib.products import schemas
from chalicelib.products.model import Product
from chalicelib.products.repository import Repository
from dev.stack.programs import StartFailed

SAMPLES: Final = Path(__file__).with_name("samples.ndjson")
"""At most 25: one batch."""
_TRIES: Final = 10


def load_samples(repository: Repository) -> int:
    """Load them where the table is empty, and return how many. Raise `StartFailed`."""
    try:
        if any(True for _ in repository.all()):
            return 0
        products = _samples(repository)
        _store(repository, products)
    except Unavailable as error:
        raise StartFailed(f"The sample products could not be loaded: {error}") from error
    return len(products)


def _samples(repository: Repository) -> list[Product]:
    return [_sample(repository, line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]


def _sample(repository: Repository, line: str) -> Product:
    draft = schemas.parse(schemas.IdentifiedDraft, json.loads(line, parse_float=Decimal))
    fields = draft.model_dump()
    return repository.new(fields.pop("id"), fields)


def _store(repository: Repository, products: list[Product]) -> None:
    left = repository.put_all(products)
    for pause in range(1, _TRIES):
        if not left:
            return
        time.sleep(pause / 10)
        left = repository.put_all(left)
    raise StartFailed(f"{len(left)} sample products were not taken")
