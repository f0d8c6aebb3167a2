"""The meaning of a key's bytes for readers."""

import time

import pytest

from chalicelib.caching.entries import LONGEST_FENCE_MS, is_fence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W{soon}:abc", True),
        ("W1:abc {soon}:def", True),
        ("W1:abc", False),
        ("W{far}:abc", False),
        ("W999999999999999999999999900{soon}:abc", False),
        ("L{soon}:abc", False),
    ],
)
def test_a_fence_needs_a_possible_deadline(text: str, *, expected: bool) -> None:
    """A deadline in the past, far in the future, or in a longer number is not valid."""
    soon = int(time.time() * 1000) + 60_000

    raw = text.format(soon=soon, far=soon + 2 * LONGEST_FENCE_MS).encode()

    assert expected == is_fence(raw)


def test_a_missing_key_is_no_fence() -> None:
    """`None` has no deadline."""
    assert not is_fence(None)
