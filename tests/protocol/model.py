"""
A Python model of each command on one key. The explorer runs it instead of Redis.

`test_model.py` compares it with the real scripts, on fakeredis and on Valkey. It has no time: an
expired deadline is a removed token, which `world.py` decides. So a fence is `W` and its tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from chalicelib.caching.entries import FENCE
from chalicelib.caching.scripts import FENCE_SCRIPT, FILL_SCRIPT, INVALIDATE_SCRIPT, RELEASE_SCRIPT

Content = bytes | None
"""The content of the key; `None` if it is missing."""
Effect = tuple[int, Content]
"""A script's return value, and the new content."""


class Script(NamedTuple):
    """A script: its name in histories, its model, and its possible return values."""

    name: str
    model: Callable[..., Effect]
    returns: tuple[int, ...] = (0, 1)


def tokens(content: Content) -> frozenset[bytes]:
    """Return the tokens of a fence, or none for other content."""
    return frozenset(content[1:].split()) if content and content[:1] == FENCE else frozenset()


def fence_of(held: frozenset[bytes]) -> Content:
    """Return a fence with these tokens, or `None` for none."""
    return FENCE + b" ".join(sorted(held)) if held else None


def _fence(content: Content, token: bytes) -> Effect:
    held = tokens(content) | {token}
    return len(held), fence_of(held)


def _release(content: Content, token: bytes) -> Effect:
    left = tokens(content) - {token}
    return (0 if left or content is None else 1), fence_of(left)


def _fill(content: Content, lease: bytes, value: bytes, _ttl_ms: bytes) -> Effect:
    return (1, value) if content == lease else (0, content)


def _invalidate(content: Content, *kept: bytes) -> Effect:
    if tokens(content) or content in kept:
        return 0, content
    return (0 if content is None else 1), None


SCRIPTS: Final[Mapping[str, Script]] = {
    FENCE_SCRIPT: Script("fence", _fence, (1, 2, 3)),
    RELEASE_SCRIPT: Script("release", _release),
    FILL_SCRIPT: Script("fill", _fill),
    INVALIDATE_SCRIPT: Script("invalidate", _invalidate),
}


def add(content: Content, value: bytes) -> tuple[bool, Content]:
    """Return the result of `SET NX`, and the new content."""
    return (True, value) if content is None else (False, content)
