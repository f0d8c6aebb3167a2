"""
The result and the effect of each operation, without faults and under each fault.

Knows the key and the product's version, and no actors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chalicelib.caching.entries import FENCE, LEASE
from tests.protocol import model
from tests.protocol.model import Content, Script
from tests.protocol.states import REFUSES_WRITES, SharedState
from tests.protocol.tape import (
    GET,
    GONE,
    MISMATCH,
    NO_ANSWER,
    NOT_FOUND,
    UNKNOWN,
    UNREACHABLE,
    Answer,
    Op,
)


class Result(NamedTuple):
    """The result of an operation, and the new shared state."""

    fault: str
    """The fault, if there is one."""
    answer: Answer
    shared: SharedState
    late: bool = False
    """Whether it may take effect at any later time."""


def results(op: Op, shared: SharedState, scripts: Mapping[str, Script]) -> Iterator[Result]:
    """Yield every possible result of `op`, first the one without a fault."""
    match op.name:
        case "get" | "add" | "run":
            yield from _command(op, shared, scripts)
        case "load":
            yield from _load(op, shared)
        case _:
            yield from _commit(op, shared)


def _command(op: Op, shared: SharedState, scripts: Mapping[str, Script]) -> Iterator[Result]:
    if shared.redis == REFUSES_WRITES and op != GET:
        yield Result("", NO_ANSWER, shared)
        return
    answer, content = _effect(op, shared.content, scripts)
    after = shared._replace(content=content)
    yield Result("", answer, after)
    yield Result("lost before it took effect", NO_ANSWER, shared)
    if op.name != "get":
        yield Result("lost after it took effect", NO_ANSWER, after)
        yield Result("timed out, may take effect later", NO_ANSWER, shared, late=True)


def _effect(op: Op, content: Content, scripts: Mapping[str, Script]) -> tuple[Answer, Content]:
    if op.name == "get":
        return _visible(content), content
    if op.name == "add":
        return model.add(content, *op.args)
    return scripts[op.script].model(content, *op.args)


def _visible(content: Content) -> Content:
    """Return what a reader sees: of a lease or a fence only the mark, not its tokens."""
    return content[:1] if content and content[:1] in (LEASE, FENCE) else content


def _load(op: Op, shared: SharedState) -> Iterator[Result]:
    yield Result("", shared.version, shared)
    if op.args and 1 < shared.version < GONE:
        yield Result("", shared.version - 1, shared)
    yield Result("fails", UNREACHABLE, shared)


def _commit(op: Op, shared: SharedState) -> Iterator[Result]:
    refusal = _refusal(op, shared.version)
    if refusal:
        yield Result("", refusal, shared)
        return
    version = GONE if op.name == "remove" else shared.version + 1
    after = shared._replace(version=version)
    yield Result("", version, after)
    yield Result("throttled, not committed", UNREACHABLE, shared)
    yield Result("outcome unknown, not committed", UNKNOWN, shared)
    yield Result("outcome unknown, committed", UNKNOWN, after)
    yield Result("outcome unknown, not yet committed", UNKNOWN, shared, late=True)


def _refusal(op: Op, version: int) -> str:
    if version == GONE:
        return NOT_FOUND
    return MISMATCH if op.args and str(version).encode() not in op.args else ""
