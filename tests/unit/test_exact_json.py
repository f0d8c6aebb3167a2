"""JSON read exactly, for the API's bodies and an import's lines alike."""

from decimal import Decimal

import pytest

from chalicelib import exact_json


def test_a_fraction_is_a_decimal_to_the_digit() -> None:
    """A float would have lost the last digits."""
    assert {"price": Decimal("0.10000000000000000001")} == exact_json.decode(
        b'{"price": 0.10000000000000000001}'
    )


def test_a_short_integer_is_an_integer() -> None:
    """Stock is counted in integers; `-0` and twenty digits are integers too."""
    decoded = exact_json.decode("[0, -0, 12345678901234567890]")

    assert [0, 0, 12345678901234567890] == decoded
    assert isinstance(decoded, list)
    assert {int} == {type(each) for each in decoded}


def test_a_long_integer_takes_no_quadratic_time() -> None:
    """As a `Decimal` it is read digit by digit; Python's own int would refuse it, or take long."""
    assert Decimal("9" * 100_000) == exact_json.decode("9" * 100_000)


def test_text_comes_back_unchanged() -> None:
    """Whatever plane it is of."""
    assert "Møuse 😀" == exact_json.decode('"Møuse 😀"'.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "-Infinity",
        "1e99999999999999999999",
        '{"id": 1, "id": 1}',
        '{"deep": {"id": 1, "id": 2}}',
        "[" * 100_000,
        "{} {}",
        b"\xff",
        '"x"'.encode("utf-16"),
    ],
)
def test_what_is_no_json_or_leaves_a_doubt_is_refused(text: str | bytes) -> None:
    """One kind of error for all, so that no caller has to know Python's own."""
    with pytest.raises(ValueError):  # noqa: PT011 — each has its own words
        exact_json.decode(text)
