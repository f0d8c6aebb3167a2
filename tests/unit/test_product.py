"""A product's JSON: the fields, the order, and every digit."""

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


def test_the_json_is_that_of_the_contract() -> None:
    """Version and times are left to the headers."""
    body = (
        f'{{"id": "{SOME_ID}", "name": "Wireless Mouse", '
        '"description": "Ergonomic wireless mouse with adjustable DPI", '
        '"price": 24.99, "stock_quantity": 150, "category": "accessories"}'
    )

    assert body == represent(a_product()).body


def test_without_a_category_the_field_is_left_out() -> None:
    """No category is not `null`."""
    assert "category" not in json.loads(represent(a_product(category=None)).body)


@given(PRICES)
def test_every_price_is_exact(price: Decimal) -> None:
    """Read with decimals, the JSON gives the price to the digit."""
    body = represent(a_product(price=price)).body

    assert price == json.loads(body, parse_float=Decimal, parse_int=Decimal)["price"]


@given(PRICES)
def test_every_price_is_exact_for_a_client_that_knows_only_doubles(price: Decimal) -> None:
    """Rounded to 4 decimals, the double is the price again."""
    body = represent(a_product(price=price)).body

    assert price == round(Decimal(json.loads(body)["price"]), 4)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_through(text: str) -> None:
    """Names are any Unicode, control characters and quotes included."""
    assert text == json.loads(represent(a_product(name=text)).body)["name"]


def test_text_is_sent_unescaped() -> None:
    """What is not ASCII goes as UTF-8: shorter, and readable."""
    assert "Mäuschen 🐭" in represent(a_product(name="Mäuschen 🐭")).body


def test_last_modified_is_written_as_http_does() -> None:
    """Whole seconds, in English, in GMT."""
    moment = datetime(2026, 3, 1, 9, 5, 7, 999999, tzinfo=UTC)

    assert "Sun, 01 Mar 2026 09:05:07 GMT" == represent(a_product(updated_at=moment)).last_modified


@pytest.mark.parametrize("cursor", [None, "abc"])
def test_a_page_holds_its_items_and_the_next_cursor(cursor: str | None) -> None:
    """`next_cursor` is there at the end too, as null."""
    mouse = represent(a_product())

    page = json.loads(render_page(Page((mouse, mouse), cursor)))

    assert {"items": [json.loads(mouse.body)] * 2, "next_cursor": cursor} == page


@pytest.mark.parametrize(
    "text",
    ["", "abc", SOME_ID.upper(), SOME_ID + "\n", " " + SOME_ID, SOME_ID[:-1], SOME_ID + "0",
     SOME_ID.replace("-", ""), "٣" + SOME_ID[1:], "{" + SOME_ID + "}"],
)  # fmt: skip
def test_what_is_not_an_id_of_ours_is_told(text: str) -> None:
    """Only a UUID in lower case can be a product's id."""
    assert is_id(SOME_ID)
    assert not is_id(text)
