"""The rules of each field, by examples that a machine invents. Over HTTP: `test_bad_bodies.py`."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFields
from chalicelib.products.schemas import IdentifiedDraft, ProductChanges, ProductDraft, parse
from tests.examples import OTHER_ID, SOME_ID, a_draft

PRICES = st.decimals(Decimal("0.0001"), Decimal("9999999999.9999"), places=4)
TEXT = st.characters(exclude_categories=["Cs"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def _faults(**fields: Any) -> list[tuple[str | int, ...]]:
    with pytest.raises(InvalidFields) as caught:
        parse(ProductDraft, a_draft(**fields))
    return [error.loc for error in caught.value.errors]


@given(PRICES)
def test_a_price_of_four_decimals_is_taken_as_it_is(price: Decimal) -> None:
    """Up to 10 integer digits and 4 decimals: not a digit is changed."""
    assert price == parse(ProductDraft, a_draft(price=price)).price


@given(PRICES.map(lambda price: price.normalize()))
def test_a_price_may_be_written_by_exponent(price: Decimal) -> None:
    """1E+2 is a hundred."""
    assert price == parse(ProductDraft, a_draft(price=price)).price


@given(st.integers(1, 9_999_999_999))
def test_a_price_may_be_an_integer(price: int) -> None:
    """JSON knows no difference between 5 and 5.0."""
    assert Decimal(price) == parse(ProductDraft, a_draft(price=price)).price


@given(
    st.decimals(max_value=0, allow_nan=False, allow_infinity=False)
    | st.decimals(min_value=10**10, allow_nan=False, allow_infinity=False)
    | PRICES.map(lambda price: price + Decimal("0.00001"))
)
def test_any_other_number_is_no_price(price: Decimal) -> None:
    """Not above zero, over 10 integer digits, or more than 4 decimals."""
    assert [("price",)] == _faults(price=price)


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e-999999"])
def test_an_odd_decimal_is_no_price(price: str) -> None:
    """What Decimal knows beside numbers is refused, not raised."""
    assert [("price",)] == _faults(price=Decimal(price))


@given(st.text(TEXT, min_size=1, max_size=255).filter(lambda text: text.strip()))
def test_a_name_is_taken_as_it_is(name: str) -> None:
    """Any Unicode of 1 to 255 characters: not trimmed, not normalised."""
    assert name == parse(ProductDraft, a_draft(name=name)).name


@given(st.integers(0, 1_000_000_000))
def test_a_stock_in_its_range_is_taken(stock: int) -> None:
    """0 to 1,000,000,000."""
    assert stock == parse(ProductDraft, a_draft(stock_quantity=stock)).stock_quantity


@given(st.integers(max_value=-1) | st.integers(min_value=1_000_000_001))
def test_a_stock_out_of_its_range_is_refused(stock: int) -> None:
    """However large: no overflow, no error but ours."""
    assert [("stock_quantity",)] == _faults(stock_quantity=stock)


@given(JSON)
def test_whatever_json_is_sent_is_taken_or_refused(data: object) -> None:
    """No JSON value raises anything but `InvalidFields`."""
    for model in (ProductDraft, ProductChanges, IdentifiedDraft):
        with suppress(InvalidFields):
            parse(model, data)


@given(st.sampled_from(sorted(a_draft())), JSON)
def test_whatever_a_field_holds_is_taken_or_refused_by_its_name(field: str, value: object) -> None:
    """An error names the field that it is in."""
    named = set()
    try:
        parse(ProductDraft, a_draft(**{field: value}))
    except InvalidFields as error:
        named = {each.loc[0] for each in error.errors}

    assert named <= {field}


@given(st.dictionaries(st.sampled_from(sorted(a_draft())), st.none(), max_size=0))
def test_no_changes_name_nothing(data: dict[str, None]) -> None:
    """`{}` is a valid update that changes nothing."""
    assert {} == parse(ProductChanges, data).named()


def test_changes_name_what_the_client_named() -> None:
    """A field left out is not one set to null."""
    assert {"category": None} == parse(ProductChanges, {"category": None}).named()
    assert {"name": "x"} == parse(ProductChanges, {"name": "x"}).named()


def test_an_import_may_bring_its_id() -> None:
    """A UUID as this catalog makes them, or none."""
    assert SOME_ID == parse(IdentifiedDraft, a_draft(id=SOME_ID)).id
    assert parse(IdentifiedDraft, a_draft()).id is None


@pytest.mark.parametrize("product_id", ["", "x", OTHER_ID.upper(), OTHER_ID + "\n", 5])
def test_a_bad_id_is_told_by_its_own_rule(product_id: object) -> None:
    """The message is of ids, not of white space."""
    with pytest.raises(InvalidFields) as caught:
        parse(IdentifiedDraft, a_draft(id=product_id))

    (error,) = caught.value.errors
    assert ("id",) == error.loc
    assert "white space" not in error.msg


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "Must be a JSON object"),
        ({**a_draft(), "price": "1"}, "Must be a number"),
        ({**a_draft(), "price": None}, "Must be a number"),
        ({**a_draft(), "price": True}, "Must be a number"),
    ],
)
def test_another_kind_of_value_is_told_in_words_of_json(data: object, told: str) -> None:
    """A class of Python's says nothing to a client."""
    with pytest.raises(InvalidFields) as refused:
        parse(IdentifiedDraft, data)

    assert [told] == [error.msg for error in refused.value.errors]


def test_models_cannot_be_changed() -> None:
    """What was checked stays checked."""
    draft = parse(ProductDraft, a_draft())

    with pytest.raises(ValueError, match="frozen"):
        draft.name = ""
