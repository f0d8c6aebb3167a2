"""What the bytes of a key mean to readers."""

import time

import pytest

from chalicelib.cache_entry import LONGEST_FENCE_MS, is_fence

SOON = int(time.time() * 1000) + 60_000


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"W%d:abc" % SOON, True),
        (b"W1:abc %d:def" % SOON, True),
        (b"W1:abc", False),
        (b"W%d:abc" % (SOON + 2 * LONGEST_FENCE_MS), False),
        (b"W%s00%d:abc" % (b"9" * 25, SOON), False),
        (b"L%d:abc" % SOON, False),
        (None, False),
    ],
)
def test_a_fence_has_a_deadline_that_a_writer_may_have_set(
    raw: bytes | None, *, expected: bool
) -> None:
    """A deadline in the past, far in the future, or at the end of a longer number is none."""
    assert expected == is_fence(raw)
