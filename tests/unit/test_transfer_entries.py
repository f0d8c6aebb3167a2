"""The products of a file to import: entries, and rejects with reasons."""

import json
import re

import pytest

from chalicelib.products.schemas import parse_identified
from dev.transfer import entries
from dev.transfer.entries import Entry, Reject
from dev.transfer.formats import MAX_LINE_BYTES, Row
from tests.examples import SOME_ID, a_body


def read(*products: object) -> list[Entry | Reject]:
    """Return the result for each product. Bytes are the text of a row."""
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
    """Return the reason of a reject."""
    (reject,) = read(product)
    assert isinstance(reject, Reject)
    return reject.reason


def test_a_given_id_is_kept_and_a_missing_one_created() -> None:
    """The id may be missing or null."""
    kept, made, null = read(a_body(id=SOME_ID), a_body(), a_body(id=None, category=None))

    assert SOME_ID == kept.item_id
    assert 3 == len({kept.item_id, made.item_id, null.item_id})
    assert re.fullmatch("[0-9a-f-]{36}", made.item_id)


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
def test_other_values_than_json_objects_are_rejected(text: bytes, reason: str) -> None:
    """The row is rejected with a reason, and the next one is read."""
    rejected, entry = read(text, a_body())

    assert isinstance(rejected, Reject)
    assert rejected.reason.startswith(reason)
    assert "line 2" == entry.place


def test_a_repeated_id_belongs_to_the_first_valid_product() -> None:
    """A batch cannot contain an id twice."""
    broken, entry, twice = read(a_body(id=SOME_ID, price=0), a_body(id=SOME_ID), a_body(id=SOME_ID))

    assert isinstance(broken, Reject)
    assert isinstance(entry, Entry)
    assert Reject("line 3", f"id: {SOME_ID} is given twice") == twice


def test_a_reason_contains_no_control_characters() -> None:
    """The file determines field names, so escape sequences are escaped."""
    text = reason(a_body(**{"\x1b[31m" * 99: 1}))

    assert text.isprintable()
    assert 250 > len(text)  # 100 characters of the name, some as four


def test_many_errors_are_truncated() -> None:
    """A thousand unknown fields do not fill the screen."""
    assert reason(a_body(**{f"field{n}": 1 for n in range(1000)})).endswith("and 995 more")
