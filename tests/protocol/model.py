"""
What each command does to the one key, in Python: the model that the explorer runs instead of Redis.

`test_model.py` holds it to the real scripts, on fakeredis and on Valkey. Knows no time: a deadline
that passes is a token that vanishes, and `world.py` says when. So a fence is `W` and its tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from chalicelib.caching.entries import FENCE
from chalicelib.caching.scripts import FENCE_SCRIPT, FILL_SCRIPT, INVALIDATE_SCRIPT, RELEASE_SCRIPT

Content = bytes | None
"""What the key holds; `None` where it is absent."""
Effect = tuple[int, Content]
"""What a script returns, and what it leaves behind."""


class Script(NamedTuple):
    """A script: its name in histories, its model, and all that it may return."""

    name: str
    model: Callable[..., Effect]
    returns: tuple[int, ...] = (0, 1)


def tokens(content: Content) -> frozenset[bytes]:
    """Return the tokens of a fence; of anything else, none."""
    return frozenset(content[1:].split()) if content and content[:1] == FENCE else frozenset()


def fence_of(held: frozenset[bytes]) -> Content:
    """Return a fence of these tokens; of none, an absent key."""
    return FENCE + b" ".join(sorted(held)) if held else None


def _fence(content: Content, token: bytes) -> Effect:
    held = tokens(content) | {token}
    return len(held), fence_of(held)


def _release(content: Content, token: bytes) -> Effect:
    left = tokens(content) - {token}
    return (0 if left or content is None else 1), fence_of(left)


def _fill(content: Content, lease: bytes, value: bytes, _ttl_ms: bytes) -> Effect:
    return (1, value) if content == lease else (0, content)


def _invalidate(content: Content, *spared: bytes) -> Effect:
    if tokens(content) or content in spared:
        return 0, content
    return (0 if content is None else 1), None


SCRIPTS: Final[Mapping[str, Script]] = {
    FENCE_SCRIPT: Script("fence", _fence, (1, 2, 3)),
    RELEASE_SCRIPT: Script("release", _release),
    FILL_SCRIPT: Script("fill", _fill),
    INVALIDATE_SCRIPT: Script("invalidate", _invalidate),
}


def add(content: Content, value: bytes) -> tuple[bool, Content]:
    """Return what `SET NX` answers, and what it leaves behind."""
    return (True, value) if content is None else (False, content)
