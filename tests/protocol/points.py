"""
Turns the real code into a graph. A point is the next operation, with a next point for each possible
answer. To build it, the code runs repeatedly, each time up to the first operation without an
answer.

Points with the same operation and the same future are one, because the code's past makes no
difference. `world.py` defines the effects of the operations.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from chalicelib.caching.cache_aside import Cached, Stored
from chalicelib.caching.entries import FENCE, LEASE
from chalicelib.caching.protocol import Store
from chalicelib.caching.stream import Invalidator, Record
from chalicelib.dynamodb.attributes import to_item
from chalicelib.errors import CacheUnavailable, ServiceError
from chalicelib.products.cache import CODEC
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import Product, represent
from chalicelib.products.parts import entry_of_image
from chalicelib.resources import PRODUCTS
from chalicelib.resources.precondition import Precondition
from chalicelib.resources.representation import Representation
from tests.examples import SOME_ID, a_product
from tests.protocol.model import Script
from tests.protocol.tape import (
    GONE,
    MISMATCH,
    NO_ANSWER,
    NOT_FOUND,
    UNKNOWN,
    UNREACHABLE,
    Answer,
    AnswerMissing,
    Op,
    Tape,
    TapedStore,
    TapedTable,
    determined,
    tokens_counted,
)

FEW_POLLS: Final = 2
"""
How often a reader polls another reader's lease. A higher number adds no behaviour: polls between
the first and the last one find a lease and change nothing.
"""
NEWEST: Final = 4
"""The highest version that three writers can create."""
VERSION_OF: Final[Mapping[bytes, int]] = {
    CODEC.entry(represent(a_product(version=version))): version for version in range(1, NEWEST + 1)
} | {CODEC.entry(None): GONE}
"""The version of each entry that the cache may contain."""


class Point(NamedTuple):
    """The code's next operation. `then` maps each answer to the number of the next point."""

    op: Op
    then: Mapping[Answer, int]


class Ended(NamedTuple):
    """The end of a call: the returned version, or `None` after an error."""

    version: int | None


class InvalidatableCache(Cached, typing.Protocol):
    """A cache that the table's stream can invalidate."""

    def invalidate(self, entries: Mapping[str, bytes | None], /) -> int: ...


class Protocol(NamedTuple):
    """A cache, its stores, its scripts, and the stream's invalidator."""

    name: str
    cache: Callable[[Store], InvalidatableCache]
    scripts: Mapping[str, Script]
    table: Callable[[Tape], Stored[Product]] = TapedTable
    store: Callable[[Tape], Store] = TapedStore
    invalidator: type[Invalidator] = Invalidator


class Batch(NamedTuple):
    """The command of a stream batch. `is_done` maps each answer to whether the batch is done."""

    op: Op
    is_done: Mapping[Answer, bool]


def _record(version: int) -> Record:
    """Return the stream record of a commit."""
    keys = {"Keys": {"id": {"S": SOME_ID}}}
    if version == GONE:
        return {"eventName": "REMOVE", "dynamodb": keys}
    image = to_item(a_product(version=version))
    return {"eventName": "MODIFY", "dynamodb": {**keys, "NewImage": image}}


def _version(item: Representation | None) -> int:
    return GONE if item is None else item.version


def _get(catalog: Catalog) -> int:
    return _version(catalog.get(SOME_ID).item)


def _get_many(catalog: Catalog) -> int:
    return _version(catalog.get_many([SOME_ID])[SOME_ID])


def _update(catalog: Catalog) -> int:
    return catalog.update(SOME_ID, {"stock_quantity": 149}).version


def _update_if_first(catalog: Catalog) -> int:
    return catalog.update(SOME_ID, {"stock_quantity": 149}, Precondition({1})).version


def _delete(catalog: Catalog) -> int:
    catalog.delete(SOME_ID)
    return GONE


CALLS: Final[Mapping[str, Callable[[Catalog], int]]] = {
    "get": _get,
    "get_many": _get_many,
    "update": _update,
    "update_if_first": _update_if_first,
    "delete": _delete,
}
"""The calls of the catalog that an actor may make."""


class Graph:
    """The points of each of `CALLS` with one protocol. Readers poll `polls` times."""

    def __init__(self, protocol: Protocol, polls: int) -> None:
        self.points: list[Point | Ended] = []
        self._batches: dict[tuple[int, ...], Batch] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._protocol = protocol
        with determined(polls):
            self.starts = {name: self._unfold(call, ()) for name, call in CALLS.items()}

    def _unfold(self, call: Callable[[Catalog], int], answers: tuple[Answer, ...]) -> int:
        try:
            return self._number(Ended(self._run(call, answers)))
        except AnswerMissing as missing:
            op = missing.op
        then = {answer: self._unfold(call, (*answers, answer)) for answer in self._answers_to(op)}
        return self._number(Point(op, then))

    def _run(self, call: Callable[[Catalog], int], answers: tuple[Answer, ...]) -> int | None:
        tape = Tape(answers)
        cache = self._protocol.cache(self._protocol.store(tape))
        catalog = Catalog(cache, partial(self._protocol.table, tape))
        with tokens_counted():
            try:
                return call(catalog)
            except ServiceError:
                return None

    def batch(self, versions: tuple[int, ...]) -> Batch:
        """Return the command of a batch with the records of these versions."""
        if versions not in self._batches:
            with determined(FEW_POLLS):
                self._batches[versions] = self._unfold_batch(versions)
        return self._batches[versions]

    def _unfold_batch(self, versions: tuple[int, ...]) -> Batch:
        try:
            self._deliver(versions, ())
        except AnswerMissing as missing:
            op = missing.op
        answers = self._answers_to(op)
        return Batch(op, {answer: self._deliver(versions, (answer,)) for answer in answers})

    def _deliver(self, versions: tuple[int, ...], answers: tuple[Answer, ...]) -> bool:
        """Deliver the records; return whether Lambda would not retry the batch."""
        cache = self._protocol.cache(self._protocol.store(Tape(answers)))
        invalidator = self._protocol.invalidator(PRODUCTS, cache.invalidate, entry_of_image)
        try:
            invalidator.process([_record(version) for version in versions])
        except CacheUnavailable:
            return False
        return True

    def _number(self, point: Point | Ended) -> int:
        future = tuple(point.then.items()) if isinstance(point, Point) else ()
        number = self._numbers.setdefault((type(point), point[0], future), len(self.points))
        if number == len(self.points):
            self.points.append(point)
        return number

    def _answers_to(self, op: Op) -> tuple[Answer, ...]:
        versions = tuple(range(1, NEWEST + 1))
        match op.name:
            case "get":
                return (None, LEASE, FENCE, *VERSION_OF, NO_ANSWER)
            case "add":
                return (True, False, NO_ANSWER)
            case "run":
                return (*self._protocol.scripts[op.script].returns, NO_ANSWER)
            case "load":
                return (*versions, GONE, UNREACHABLE)
            case "update":
                return (*versions[1:], UNKNOWN, UNREACHABLE, MISMATCH, NOT_FOUND)
            case _:
                return (GONE, UNKNOWN, UNREACHABLE, NOT_FOUND)
