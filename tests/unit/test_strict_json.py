"""JSON is decoded without loss or ambiguity. Over HTTP: `test_bad_bodies.py`."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import strict_json

DIGITS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(DIGITS)
def test_no_digit_of_a_number_is_lost(digits: str) -> None:
    """For numbers of any length."""
    read = strict_json.decode(digits)

    assert Decimal(digits) == read
    assert not isinstance(read, float)


@given(PLAIN)
def test_other_values_are_decoded_as_by_json(value: object) -> None:
    """As text and as bytes."""
    text = json.dumps(value)

    assert value == strict_json.decode(text) == strict_json.decode(text.encode())


@given(st.binary())
def test_any_bytes_raise_only_a_value_error(data: bytes) -> None:
    """For any body of a client."""
    try:
        strict_json.decode(data)
    except ValueError:
        return
    json.loads(data)


@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity]", "-Infinity", '{"a": 1, "a": 1}', "[" * 100_000, '{"a":' * 100_000,
     "", "\ufeff1"],
)  # fmt: skip
def test_ambiguous_json_is_refused(text: str) -> None:
    """Constants, repeated names, unlimited nesting."""
    with pytest.raises(ValueError):  # noqa: PT011 — the kind is the contract
        strict_json.decode(text)


@pytest.mark.parametrize("digits", ["1" * 250_000, "1." + "1" * 250_000, "-" + "9" * 250_000])
def test_long_numbers_are_decoded_quickly(digits: str) -> None:
    """A quarter of a megabyte of digits takes less than a second, and is valid."""
    assert Decimal(digits) == strict_json.decode(digits)


@pytest.mark.parametrize("text", ["1e9999999999999999999", "-1E-9999999999999999999"])
def test_a_huge_exponent_is_decoded_as_not_finite(text: str) -> None:
    """It is valid JSON, and no field accepts the value."""
    value = strict_json.decode(text)

    assert isinstance(value, Decimal)
    assert not value.is_finite()
