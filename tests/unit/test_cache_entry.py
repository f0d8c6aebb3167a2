"""What the bytes of a key mean to readers."""

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
def test_a_fence_has_a_deadline_that_a_writer_may_have_set(text: str, *, expected: bool) -> None:
    """A deadline in the past, far in the future, or at the end of a longer number is none."""
    soon = int(time.time() * 1000) + 60_000

    raw = text.format(soon=soon, far=soon + 2 * LONGEST_FENCE_MS).encode()

    assert expected == is_fence(raw)


def test_an_absent_key_is_no_fence() -> None:
    """Nothing is known of it."""
    assert not is_fence(None)
