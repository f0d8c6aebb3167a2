"""
Plays answers back to the real code, as Redis and as the table, up to the first one that is missing.

Knows what the code asks for, and nothing of what the right answers are.
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
"""Tokens that the code draws are called `mine0`, `mine1`…: whose they are, `world.py` knows."""
GONE: Final = 9
"""The version of a product that was deleted: newer than all others."""
NO_ANSWER, OUT_OF_REACH, UNKNOWN = "no answer", "out of reach", "outcome unknown"
MISMATCH, NOT_FOUND = "version mismatch", "not found"
FAILURES: Final[Mapping[Answer, Callable[[], ServiceError]]] = {
    NO_ANSWER: lambda: CacheUnavailable(NO_ANSWER),
    OUT_OF_REACH: lambda: StoreUnavailable(OUT_OF_REACH),
    UNKNOWN: lambda: OutcomeUnknown(UNKNOWN),
    MISMATCH: lambda: PreconditionFailed("Product", SOME_ID),
    NOT_FOUND: lambda: NotFound("Product", SOME_ID),
}
"""Answers that reach the code as an exception."""


class Op(NamedTuple):
    """One atomic operation on what is shared: a command to Redis, or a request to the table."""

    name: str
    args: tuple[bytes, ...] = ()
    script: str = ""


GET: Final = Op("get", (b"past its rights to write",))
"""A read that a Redis answers also where it refuses writes."""


class Asked(BaseException):
    """The code wants an answer that is not there yet. No `Exception`, so that it is not caught."""

    def __init__(self, op: Op) -> None:
        super().__init__(op.name)
        self.op = op


class Tape:
    """Answers, to be taken one after the other."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = iter(answers)

    def ask(self, op: Op) -> Any:
        """Return the next answer, or raise the failure that it is."""
        for answer in self._answers:
            if answer in FAILURES:
                failure = FAILURES[answer]()
                raise failure
            return answer
        raise Asked(op)


class TapedStore:
    """The store of `chalicelib/caching/protocol.py`, for one key."""

    def __init__(self, tape: Tape) -> None:
        self._ask = tape.ask

    GET: Final = Op("get")

    def get(self, _key: str) -> bytes | None:
        raw = self._ask(self.GET)
        return a_fence() if raw == FENCE else raw

    def add(self, _key: str, value: bytes, _ttl_ms: int) -> bool:
        return self._ask(Op("add", (value,)))

    def run(self, script: str, _key: str, *args: bytes | str | int) -> int:
        texts = (arg if isinstance(arg, bytes) else str(arg).encode() for arg in args)
        return self._ask(Op("run", tuple(texts), script))

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
    """The repository, for one product. Its versions count from 1."""

    LOAD: Final = Op("load")

    def __init__(self, tape: Tape) -> None:
        self._ask = tape.ask

    def get(self, _product_id: str) -> Product | None:
        version = self._ask(self.LOAD)
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
        return a_product(version=self._ask(Op("update", condition)), **changes)

    def remove(self, _product_id: str, _precondition: Precondition = NO_PRECONDITION) -> None:
        self._ask(Op("remove"))


def a_fence() -> bytes:
    """Return a fence of a writer that is under way now."""
    return FENCE + b"%d:other" % (time.time() * 1000 + FENCE_MS)


@contextmanager
def determined(polls: int) -> Iterator[None]:
    """Take chance and the log out of the code: the same answers lead to the same point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "POLLS", polls)
        patch.setattr(random, "uniform", lambda low, _high: low)
        patch.setattr(logging.getLogger("catalog"), "disabled", True)
        yield


@contextmanager
def tokens_counted() -> Iterator[None]:
    """Let the tokens drawn be `mine0`, `mine1`…"""
    drawn = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uuid, "uuid4", lambda: SimpleNamespace(hex=f"{TOKEN}{next(drawn)}"))
        yield
