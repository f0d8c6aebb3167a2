"""
What each operation does: its answer and its effect, when all goes well and under each fault.

Knows the key and the product's version, and nothing of who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chalicelib.caching.entries import FENCE, LEASE
from tests.protocol import model
from tests.protocol.model import Content, Script
from tests.protocol.states import REFUSES_WRITES, Shared
from tests.protocol.tape import (
    GET,
    GONE,
    MISMATCH,
    NO_ANSWER,
    NOT_FOUND,
    OUT_OF_REACH,
    UNKNOWN,
    Answer,
    Op,
)


class Result(NamedTuple):
    """What an operation answers and leaves behind."""

    fault: str
    """What went wrong, if anything."""
    answer: Answer
    shared: Shared
    late: bool = False
    """It may yet take effect, at any later time."""


def results(op: Op, shared: Shared, scripts: Mapping[str, Script]) -> Iterator[Result]:
    """Go through all that may come of `op`; first, what comes of it without a fault."""
    match op.name:
        case "get" | "add" | "run":
            yield from _command(op, shared, scripts)
        case "load":
            yield from _load(op, shared)
        case _:
            yield from _commit(op, shared)


def _command(op: Op, shared: Shared, scripts: Mapping[str, Script]) -> Iterator[Result]:
    if shared.redis == REFUSES_WRITES and op != GET:
        yield Result("", NO_ANSWER, shared)
        return
    answer, content = _effect(op, shared.content, scripts)
    after = shared._replace(content=content)
    yield Result("", answer, after)
    yield Result("lost before it took effect", NO_ANSWER, shared)
    if op.name != "get":
        yield Result("lost after it took effect", NO_ANSWER, after)
        yield Result("late, and given up", NO_ANSWER, shared, late=True)


def _effect(op: Op, content: Content, scripts: Mapping[str, Script]) -> tuple[Answer, Content]:
    if op.name == "get":
        return _seen(content), content
    if op.name == "add":
        return model.add(content, *op.args)
    return scripts[op.script].model(content, *op.args)


def _seen(content: Content) -> Content:
    """Of a lease or a fence a reader learns only that: the tokens of others are noise."""
    return content[:1] if content and content[:1] in (LEASE, FENCE) else content


def _load(op: Op, shared: Shared) -> Iterator[Result]:
    yield Result("", shared.version, shared)
    if op.args and 1 < shared.version < GONE:
        yield Result("", shared.version - 1, shared)
    yield Result("fails", OUT_OF_REACH, shared)


def _commit(op: Op, shared: Shared) -> Iterator[Result]:
    refusal = _refusal(op, shared.version)
    if refusal:
        yield Result("", refusal, shared)
        return
    version = GONE if op.name == "remove" else shared.version + 1
    after = shared._replace(version=version)
    yield Result("", version, after)
    yield Result("throttled, not committed", OUT_OF_REACH, shared)
    yield Result("outcome unknown, not committed", UNKNOWN, shared)
    yield Result("outcome unknown, committed", UNKNOWN, after)
    yield Result("outcome unknown, not yet committed", UNKNOWN, shared, late=True)


def _refusal(op: Op, version: int) -> str:
    if version == GONE:
        return NOT_FOUND
    return MISMATCH if op.args and str(version).encode() not in op.args else ""
