"""Only cursors that the API returned are valid."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dynamodb.cursors import Cursors
from chalicelib.errors import InvalidCursor

CURSORS = Cursors("a secret of some length")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_a_cursor_returns_its_position(query: str, position: list[str]) -> None:
    """For any query and position."""
    assert position == CURSORS.open(query, CURSORS.seal(query, position))


def test_a_cursor_is_invalid_for_another_query() -> None:
    """Another listing refuses it."""
    cursor = CURSORS.seal("mice by price", ["1"])

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice by price, descending", cursor)


def test_a_cursor_is_invalid_for_another_secret() -> None:
    """Creating a cursor requires the secret."""
    cursor = Cursors("another secret of some length").seal("mice", ["1"])

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", cursor)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_changed_byte_makes_a_cursor_invalid(place: int, change: int) -> None:
    """The seal covers every byte."""
    cursor = CURSORS.seal("mice", ["550e8400-e29b-41d4-a716-446655440000"])
    sealed = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    sealed[place % len(sealed)] ^= change

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", base64.urlsafe_b64encode(sealed).decode())


@given(st.text())
def test_no_invented_text_is_a_cursor(text: str) -> None:
    """Any text raises `InvalidCursor`, and no other error."""
    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", text)
