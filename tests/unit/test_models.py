"""The rules of each field, with generated examples. Over HTTP: `test_bad_bodies.py`."""

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


def _invalid_fields(**fields: Any) -> list[tuple[str | int, ...]]:
    with pytest.raises(InvalidFields) as caught:
        parse(ProductDraft, a_draft(**fields))
    return [error.loc for error in caught.value.errors]


@given(PRICES)
def test_a_price_of_four_decimals_is_unchanged(price: Decimal) -> None:
    """Up to 10 integer digits and 4 decimals."""
    assert price == parse(ProductDraft, a_draft(price=price)).price


@given(PRICES.map(lambda price: price.normalize()))
def test_a_price_may_have_an_exponent(price: Decimal) -> None:
    """1E+2 is a hundred."""
    assert price == parse(ProductDraft, a_draft(price=price)).price


@given(st.integers(1, 9_999_999_999))
def test_a_price_may_be_an_integer(price: int) -> None:
    """JSON does not distinguish 5 and 5.0."""
    assert Decimal(price) == parse(ProductDraft, a_draft(price=price)).price


@given(
    st.decimals(max_value=0, allow_nan=False, allow_infinity=False)
    | st.decimals(min_value=10**10, allow_nan=False, allow_infinity=False)
    | PRICES.map(lambda price: price + Decimal("0.00001"))
)
def test_other_numbers_are_invalid_prices(price: Decimal) -> None:
    """Not above zero, over 10 integer digits, or more than 4 decimals."""
    assert [("price",)] == _invalid_fields(price=price)


@given(JSON)
def test_any_json_is_valid_or_refused(data: object) -> None:
    """No JSON value raises an error other than `InvalidFields`."""
    for model in (ProductDraft, ProductChanges, IdentifiedDraft):
        with suppress(InvalidFields):
            parse(model, data)


@given(st.sampled_from(sorted(a_draft())), JSON)
def test_an_error_names_its_field(field: str, value: object) -> None:
    """For any value of any field."""
    named = set()
    try:
        parse(ProductDraft, a_draft(**{field: value}))
    except InvalidFields as error:
        named = {each.loc[0] for each in error.errors}

    assert named <= {field}


@given(st.dictionaries(st.sampled_from(sorted(a_draft())), st.none(), max_size=0))
def test_an_empty_update_is_valid(data: dict[str, None]) -> None:
    """`{}` names no field."""
    assert {} == parse(ProductChanges, data).named()


def test_an_update_contains_only_the_given_fields() -> None:
    """A missing field differs from null."""
    assert {"category": None} == parse(ProductChanges, {"category": None}).named()
    assert {"name": "x"} == parse(ProductChanges, {"name": "x"}).named()


def test_an_import_may_contain_ids() -> None:
    """A UUID in the API's form, or none."""
    assert SOME_ID == parse(IdentifiedDraft, a_draft(id=SOME_ID)).id
    assert parse(IdentifiedDraft, a_draft()).id is None


@pytest.mark.parametrize("product_id", ["", "x", OTHER_ID.upper(), OTHER_ID + "\n", 5])
def test_an_invalid_id_has_its_own_message(product_id: object) -> None:
    """The message is about ids, not about white space."""
    with pytest.raises(InvalidFields) as caught:
        parse(IdentifiedDraft, a_draft(id=product_id))

    (error,) = caught.value.errors
    assert ("id",) == error.loc
    assert "white space" not in error.msg


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "Must be a JSON object"),
        ({**a_draft(), "price": "1"}, "Must be a number"),
        ({**a_draft(), "price": None}, "Must be a number"),
        ({**a_draft(), "price": True}, "Must be a number"),
    ],
)
def test_the_message_names_json_types(data: object, message: str) -> None:
    """Python's class names mean nothing to clients."""
    with pytest.raises(InvalidFields) as refused:
        parse(IdentifiedDraft, data)

    assert [message] == [error.msg for error in refused.value.errors]


def test_models_cannot_be_changed() -> None:
    """They are frozen after validation."""
    draft = parse(ProductDraft, a_draft())

    with pytest.raises(ValueError, match="frozen"):
        draft.name = ""
