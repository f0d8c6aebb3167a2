"""
The writing side of an import: batches, each written behind the fences of its products.

So promise 1 holds for what is overwritten as for any other write. Knows neither files nor terminal.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from typing import Any, Final, Protocol

from chalicelib.errors import OutcomeUnknown, StoreUnavailable
from chalicelib.product import Product
from chalicelib.repository import BATCH_WRITE_LIMIT
from dev.transfer.ledger import Ledger
from dev.transfer.lines import Entry

PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds, at most, before each further try of what DynamoDB left unprocessed."""
PATIENCE_SECONDS: Final = 30.0
"""No try begins later: with the seconds that it takes at most, the fences (60 s) still stand."""


class Fences(Protocol):
    """The cache, as an import needs it."""

    def fenced(self, product_id: str, /) -> AbstractContextManager[None]:
        """Hold readers off while the block commits a write."""


class Products(Protocol):
    """The repository, as an import needs it."""

    def new(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        """Return a product at its first version, without storing it."""

    def put_all(self, products: Sequence[Product]) -> Sequence[Product]:
        """Store up to 25 products of different ids; return those not stored."""


class Loader:
    """Stores entries in batches, each `undisturbed`, and keeps the ledger."""

    def __init__(
        self,
        cache: Fences,
        repository: Products,
        ledger: Ledger,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._cache = cache
        self._repository = repository
        self._ledger = ledger
        self._sleep = sleep
        self._clock = clock
        self._undisturbed = undisturbed

    def store_all(self, entries: Iterable[Entry]) -> None:
        """
        Store entries of different ids. Raise `Unavailable` at the first that cannot be stored.

        `OutcomeUnknown`: the fences of its batch stay until they expire.
        """
        coming = iter(entries)
        while batch := list(islice(coming, BATCH_WRITE_LIMIT)):
            with self._undisturbed():
                self._store(batch)

    def _store(self, batch: Sequence[Entry]) -> None:
        give_up_at = self._clock() + PATIENCE_SECONDS
        with ExitStack() as fences:
            for entry in batch:
                fences.enter_context(self._cache.fenced(entry.product_id))
            # Made behind the fences, so that their versions are above any that was there before.
            self._put(
                [self._repository.new(each.product_id, each.fields) for each in batch], give_up_at
            )

    def _put(self, products: Sequence[Product], give_up_at: float) -> None:
        left = self._try(products)
        for pause in PAUSES:
            if not left or self._clock() + pause > give_up_at:
                break
            self._sleep(pause * random.uniform(0.5, 1))  # noqa: S311 — no secret
            left = self._try(left)
        if left:
            raise StoreUnavailable("DynamoDB does not take it, however often it is asked")

    def _try(self, products: Sequence[Product]) -> Sequence[Product]:
        """Return those not stored: all of them, where DynamoDB was too busy or out of reach."""
        self._ledger.sent(products)
        try:
            left = self._repository.put_all(products)
        except OutcomeUnknown:
            raise
        except StoreUnavailable:
            left = products
        self._ledger.settled(left)
        return left
