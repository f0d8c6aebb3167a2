"""Stored digits, texts and batches are returned unchanged by each repository."""

from decimal import Decimal

import pytest

from tests.doubles.products import Products
from tests.examples import OTHER_ID, SOME_ID, a_draft

ALL_OF_UNICODE = "ß 日本語 עברית 👩‍👩‍👧‍👦 \x00\t\n\x7f\u2028\ufeff\U0010ffff e\u0301"


@pytest.mark.parametrize(
    "digits",
    ["0.0001", "1", "100", "9999999999", "9999999999.9999", "0.1", "24.99", "1E+2", "1234567890.1"],
)
def test_prices_are_exact(products: Products, digits: str) -> None:
    """Up to 10 integer digits and 4 decimals."""
    products.add(SOME_ID, a_draft(price=Decimal(digits)))

    assert Decimal(digits) == products.get(SOME_ID).price


def test_any_text_is_returned_unchanged(products: Products) -> None:
    """Without normalisation, trimming or truncation."""
    text = {"name": ALL_OF_UNICODE, "description": ALL_OF_UNICODE * 100, "category": ALL_OF_UNICODE}

    products.add(SOME_ID, a_draft(**text))

    kept = products.get(SOME_ID)
    assert text == {name: getattr(kept, name) for name in text}


def test_many_products_are_read_together(products: Products) -> None:
    added = products.add(SOME_ID, a_draft())

    assert {SOME_ID: added} == products.get_many([OTHER_ID, SOME_ID])
    assert {} == products.get_many([])


def test_put_all_adds_and_replaces(products: Products) -> None:
    """A batch has no preconditions."""
    before = products.add(SOME_ID, a_draft())
    batch = [products.new(SOME_ID, a_draft(name="New")), products.new(OTHER_ID, a_draft())]

    left = products.put_all(batch)

    assert [] == list(left)
    assert batch == [products.get(SOME_ID), products.get(OTHER_ID)]
    assert products.get(SOME_ID).version >= before.version


def test_all_returns_each_product_once(products: Products) -> None:
    """From the whole table."""
    stored = {products.add(each, a_draft()) for each in (SOME_ID, OTHER_ID)}

    assert stored == set(products.all())
    assert len(stored) == len(list(products.all()))
