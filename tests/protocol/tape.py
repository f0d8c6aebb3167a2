"""
Replays answers of Redis and the table to the real code, up to the first missing one.

Knows the operations of the code, and not the right answers.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import pytest

from chalicelib.caching import protocol
from chalicelib.caching.entries import FENCE, FENCE_MS
from chalicelib.errors import (
    CacheUnavailable,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    ServiceError,
    StoreUnavailable,
)
from chalicelib.products.model import Product
from chalicelib.resources.precondition import NO_PRECONDITION, Precondition
from tests.examples import SOME_ID, a_product

Answer = bytes | int | str | None

TOKEN: Final = "mine"
"""The code's tokens are `mine0`, `mine1`…. `world.py` adds their owner."""
GONE: Final = 9
"""The version of a deleted product: newer than all others."""
NO_ANSWER, UNREACHABLE, UNKNOWN = "no answer", "unreachable", "outcome unknown"
MISMATCH, NOT_FOUND = "version mismatch", "not found"
FAILURES: Final[Mapping[Answer, Callable[[], ServiceError]]] = {
    NO_ANSWER: lambda: CacheUnavailable(NO_ANSWER),
    UNREACHABLE: lambda: StoreUnavailable(UNREACHABLE),
    UNKNOWN: lambda: OutcomeUnknown(UNKNOWN),
    MISMATCH: lambda: PreconditionFailed("Product", SOME_ID),
    NOT_FOUND: lambda: NotFound("Product", SOME_ID),
}
"""Answers that the code receives as exceptions."""


class Op(NamedTuple):
    """One atomic operation: a command to Redis, or a request to the table."""

    name: str
    args: tuple[bytes, ...] = ()
    script: str = ""


GET: Final = Op("get", (b"without the check of write access",))
"""A read that Redis answers even while it refuses writes."""


class AnswerMissing(BaseException):
    """The operation has no answer yet. Not an `Exception`, so the code does not catch it."""

    def __init__(self, op: Op) -> None:
        super().__init__(op.name)
        self.op = op


class Tape:
    """Answers in order."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = iter(answers)

    def next_answer(self, op: Op) -> Any:
        """Return the next answer, or raise it if it is a failure."""
        for answer in self._answers:
            if answer in FAILURES:
                failure = FAILURES[answer]()
                raise failure
            return answer
        raise AnswerMissing(op)


class TapedStore:
    """The store of `chalicelib/caching/protocol.py`, for one key."""

    def __init__(self, tape: Tape) -> None:
        self._answer = tape.next_answer

    GET: Final = Op("get")

    def get(self, _key: str) -> bytes | None:
        raw = self._answer(self.GET)
        return a_fence() if raw == FENCE else raw

    def add(self, _key: str, value: bytes, _ttl_ms: int) -> bool:
        return self._answer(Op("add", (value,)))

    def run(self, script: str, _key: str, *args: bytes | str | int) -> int:
        texts = (arg if isinstance(arg, bytes) else str(arg).encode() for arg in args)
        return self._answer(Op("run", tuple(texts), script))

    def batches(self, keys: Sequence[str]) -> Sequence[Sequence[Sequence[str]]]:
        return [[keys]]

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return [self.get(key) for key in keys]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        return [self.add(key, value, ttl_ms) for key, value in values.items()]

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        return [self.run(script, str(key), *args) for key, *args in calls]


class TapedTable:
    """The repository for one product. Versions start at 1."""

    LOAD: Final = Op("load")

    def __init__(self, tape: Tape) -> None:
        self._answer = tape.next_answer

    def get(self, _product_id: str) -> Product | None:
        version = self._answer(self.LOAD)
        return None if version == GONE else a_product(version=version)

    def get_many(self, product_ids: Sequence[str]) -> Mapping[str, Product]:
        found = {product_id: self.get(product_id) for product_id in product_ids}
        return {product_id: product for product_id, product in found.items() if product}

    def update(
        self,
        _product_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> Product:
        condition = tuple(str(version).encode() for version in precondition.versions or ())
        return a_product(version=self._answer(Op("update", condition)), **changes)

    def remove(self, _product_id: str, _precondition: Precondition = NO_PRECONDITION) -> None:
        self._answer(Op("remove"))


def a_fence() -> bytes:
    """Return a fence of a living writer."""
    return FENCE + b"%d:other" % (time.time() * 1000 + FENCE_MS)


@contextmanager
def determined(polls: int) -> Iterator[None]:
    """Make the code deterministic: the same answers lead to the same point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "POLLS", polls)
        patch.setattr(random, "uniform", lambda low, _high: low)
        patch.setattr(logging.getLogger("catalog"), "disabled", True)
        yield


@contextmanager
def tokens_counted() -> Iterator[None]:
    """Replace random tokens by `mine0`, `mine1`…."""
    drawn = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uuid, "uuid4", lambda: SimpleNamespace(hex=f"{TOKEN}{next(drawn)}"))
        yield
