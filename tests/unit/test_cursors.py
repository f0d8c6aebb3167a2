"""Cursors: only what was given out comes back in."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dynamodb.cursors import Cursors
from chalicelib.errors import InvalidCursor

CURSORS = Cursors("a secret of some length")


@given(st.text(), st.lists(st.text(), max_size=3))
def test_a_cursor_opens_to_what_was_sealed(query: str, position: list[str]) -> None:
    """Whatever the query and the position, a cursor leads back to it."""
    assert position == CURSORS.open(query, CURSORS.seal(query, position))


def test_a_cursor_fits_no_other_query() -> None:
    """A cursor of one listing is refused by another."""
    cursor = CURSORS.seal("mice by price", ["1"])

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice by price, descending", cursor)


def test_a_cursor_fits_no_other_secret() -> None:
    """Who does not know the secret cannot make a cursor."""
    cursor = Cursors("another secret of some length").seal("mice", ["1"])

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", cursor)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_byte_changed_breaks_the_seal(place: int, change: int) -> None:
    """Not one byte of a cursor can be changed."""
    cursor = CURSORS.seal("mice", ["550e8400-e29b-41d4-a716-446655440000"])
    sealed = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    sealed[place % len(sealed)] ^= change

    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", base64.urlsafe_b64encode(sealed).decode())


@given(st.text())
def test_no_text_is_taken_for_a_cursor(text: str) -> None:
    """Whatever a client makes up is refused as a cursor, not as an error of ours."""
    with pytest.raises(InvalidCursor):
        CURSORS.open("mice", text)
