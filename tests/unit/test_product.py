"""A product's JSON: fields, order and digits."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.products.model import represent
from chalicelib.resources.representation import Page, is_id, render_page
from tests.examples import SOME_ID, a_product

PRICES = st.decimals(Decimal("0.0001"), Decimal("9999999999.9999"), places=4)


def test_the_json_matches_the_contract() -> None:
    """Version and times are in the headers."""
    body = (
        f'{{"id": "{SOME_ID}", "name": "Wireless Mouse", '
        '"description": "Ergonomic wireless mouse with adjustable DPI", '
        '"price": 24.99, "stock_quantity": 150, "category": "accessories"}'
    )

    assert body == represent(a_product()).body


def test_without_a_category_the_field_is_left_out() -> None:
    """It is not `null`."""
    assert "category" not in json.loads(represent(a_product(category=None)).body)


@given(PRICES)
def test_every_price_is_exact(price: Decimal) -> None:
    """Decoded with decimals, the JSON has the exact price."""
    body = represent(a_product(price=price)).body

    assert price == json.loads(body, parse_float=Decimal, parse_int=Decimal)["price"]


@given(PRICES)
def test_every_price_is_exact_as_a_rounded_double(price: Decimal) -> None:
    """Rounded to 4 decimals, the double equals the price."""
    body = represent(a_product(price=price)).body

    assert price == round(Decimal(json.loads(body)["price"]), 4)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_represented(text: str) -> None:
    """Any Unicode, including control characters and quotes."""
    assert text == json.loads(represent(a_product(name=text)).body)["name"]


def test_text_is_sent_unescaped() -> None:
    """Other characters than ASCII are sent as UTF-8, which is shorter."""
    assert "Mäuschen 🐭" in represent(a_product(name="Mäuschen 🐭")).body


def test_last_modified_has_the_http_form() -> None:
    """Whole seconds, in English, in GMT."""
    moment = datetime(2026, 3, 1, 9, 5, 7, 999999, tzinfo=UTC)

    assert "Sun, 01 Mar 2026 09:05:07 GMT" == represent(a_product(updated_at=moment)).last_modified


@pytest.mark.parametrize("cursor", [None, "abc"])
def test_a_page_contains_items_and_next_cursor(cursor: str | None) -> None:
    """`next_cursor` is null on the last page."""
    mouse = represent(a_product())

    page = json.loads(render_page(Page((mouse, mouse), cursor)))

    assert {"items": [json.loads(mouse.body)] * 2, "next_cursor": cursor} == page


@pytest.mark.parametrize(
    "text",
    ["", "abc", SOME_ID.upper(), SOME_ID + "\n", " " + SOME_ID, SOME_ID[:-1], SOME_ID + "0",
     SOME_ID.replace("-", ""), "٣" + SOME_ID[1:], "{" + SOME_ID + "}"],
)  # fmt: skip
def test_only_lower_case_uuids_are_ids(text: str) -> None:
    """Other text is no product id."""
    assert is_id(SOME_ID)
    assert not is_id(text)
