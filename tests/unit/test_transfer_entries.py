"""The products of a file to import: what is stored, what is rejected and why."""

import json
import re
from decimal import Decimal

import pytest

from chalicelib.products.schemas import parse_identified
from dev.transfer import entries
from dev.transfer.entries import Entry, Reject
from dev.transfer.formats import MAX_LINE_BYTES, Row
from tests.examples import SOME_ID, a_body


def read(*products: object) -> list[Entry | Reject]:
    """Return what becomes of a row for each product; bytes are a row's text."""
    return list(
        entries.read(
            (
                Row(f"line {number}", each if isinstance(each, bytes) else json.dumps(each))
                for number, each in enumerate(products, start=1)
            ),
            parse_identified,
        )
    )


def reason(product: object) -> str:
    """Return why a product is rejected."""
    (reject,) = read(product)
    assert isinstance(reject, Reject)
    return reject.reason


def test_a_given_id_is_kept_and_a_missing_one_is_made() -> None:
    """A product may leave its id out, or give null."""
    kept, made, null = read(a_body(id=SOME_ID), a_body(), a_body(id=None, category=None))

    assert SOME_ID == kept.item_id
    assert 3 == len({kept.item_id, made.item_id, null.item_id})
    assert re.fullmatch("[0-9a-f-]{36}", made.item_id)


def test_a_price_keeps_every_digit() -> None:
    """A fraction never becomes a float on its way."""
    (entry,) = read(json.dumps(a_body()).replace("24.99", "9999999999.9999").encode())

    assert Decimal("9999999999.9999") == entry.fields["price"]


def test_a_reject_names_each_field_and_its_rule() -> None:
    """All broken rules of a product are listed together."""
    told = reason(a_body(price=-1, stock_quantity="5"))

    assert "price: Input should be greater than 0" in told
    assert "stock_quantity: Input should be a valid integer" in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"nope", "not valid JSON: Expecting value (column 1)"),
        (b'{"price": NaN}', "not valid JSON: NaN is not JSON"),
        (b'{"id": 1, "id": 2}', "not valid JSON: a name given twice: which one is meant?"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b'"\xff"', "not valid JSON: 'utf-8' codec can't decode byte 0xff in position 1"),
        (b"[]", "item: Must be a JSON object"),
        (b"x" * (MAX_LINE_BYTES + 1), "longer than 1024 KiB"),
    ],
    ids=["text", "NaN", "twice", "deep", "latin-1", "list", "long"],
)
def test_what_is_no_json_object_is_rejected(text: bytes, reason: str) -> None:
    """The row is listed with its reason, and the next one is read."""
    rejected, entry = read(text, a_body())

    assert isinstance(rejected, Reject)
    assert rejected.reason.startswith(reason)
    assert "line 2" == entry.place


def test_an_id_given_twice_belongs_to_the_first_valid_product() -> None:
    """A batch cannot hold an id twice, and which product is meant is unknown."""
    broken, entry, twice = read(a_body(id=SOME_ID, price=0), a_body(id=SOME_ID), a_body(id=SOME_ID))

    assert isinstance(broken, Reject)
    assert isinstance(entry, Entry)
    assert Reject("line 3", f"id: {SOME_ID} is given twice") == twice


def test_a_reason_holds_no_control_characters() -> None:
    """The file chooses a field's name: escape sequences in it are shown, not sent."""
    told = reason(a_body(**{"\x1b[31m" * 99: 1}))

    assert told.isprintable()
    assert 250 > len(told)  # 100 characters of the name, some as four


def test_many_broken_rules_are_cut_short() -> None:
    """A product of a thousand unknown fields does not fill the screen."""
    assert reason(a_body(**{f"field{n}": 1 for n in range(1000)})).endswith("and 995 more")
