"""Describes operations and contents in words, for histories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib.caching.entries import FENCE, LEASE
from tests.protocol.model import Content, Script, tokens
from tests.protocol.points import VERSION_OF
from tests.protocol.tape import GET, GONE, NO_ANSWER, Answer, Op

_OPERATIONS: Final = {
    "get": "GETEX",
    "add": "SET NX, a lease",
    "load": "loads from DynamoDB",
    "update": "commits an update",
    "remove": "commits a deletion",
}


def describe(op: Op, fault: str, answer: Answer, scripts: Mapping[str, Script]) -> str:
    """Describe an operation and its result."""
    operation = "GET" if op == GET else _OPERATIONS.get(op.name) or _script(op, scripts)
    return f"{operation} → {fault or _answer(op, answer)}"


def key_content(content: Content) -> str:
    """Describe the content of the key."""
    if content is None:
        return "absent"
    if content[:1] == LEASE:
        return f"lease of {chr(content[1])}" if content[1:] else "a lease"
    if content[:1] == FENCE:
        return f"fence of {', '.join(sorted(chr(token[0]) for token in tokens(content)))}"
    return version_name(VERSION_OF[content])


def version_name(number: int) -> str:
    """Return the name of a version."""
    return "“not found”" if number == GONE else f"version {number}"


def _script(op: Op, scripts: Mapping[str, Script]) -> str:
    value = next((VERSION_OF[arg] for arg in op.args if arg in VERSION_OF), None)
    return scripts[op.script].name + (f" {version_name(value)}" if value is not None else "")


def _answer(op: Op, answer: Answer) -> str:
    if answer == NO_ANSWER:
        return "READONLY"
    match op.name:
        case "get":
            return {LEASE: "a lease", FENCE: "a fence"}.get(answer) or key_content(answer)
        case "add":
            return "taken" if answer else "refused"
        case "run":
            return str(answer)
        case _:
            return version_name(answer) if isinstance(answer, int) else str(answer)
