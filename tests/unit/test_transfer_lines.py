"""The lines of a file to import: what is taken, what is rejected and why."""

import io
import json
import re
from decimal import Decimal

import pytest

from dev.transfer import lines
from dev.transfer.lines import Entry, Reject
from tests.examples import SOME_ID, a_body


def a_file(*rows: object) -> io.BytesIO:
    """Return a file with a JSON line for each row; bytes stand as they are."""
    return io.BytesIO(
        b"".join(
            row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
        )
    )


def reasons(*rows: object) -> list[tuple[int, str]]:
    """Return the rejects of a file, which has nothing else."""
    read = list(lines.read(a_file(*rows)))
    assert all(isinstance(line, Reject) for line in read)
    return [(line.line, line.reason) for line in read if isinstance(line, Reject)]


def test_an_id_given_is_kept_and_a_line_without_one_gets_its_own() -> None:
    """An import keeps ids, and makes those that are missing."""
    kept, made, null = lines.read(
        a_file(a_body(id=SOME_ID), a_body(), a_body(id=None, category=None))
    )

    assert SOME_ID == kept.product_id
    assert 3 == len({kept.product_id, made.product_id, null.product_id})
    assert re.fullmatch("[0-9a-f-]{36}", made.product_id)


def test_a_price_is_kept_to_the_digit() -> None:
    """A fraction never becomes a float on its way."""
    line = json.dumps(a_body()).replace("24.99", "9999999999.9999").encode()

    (entry,) = lines.read(a_file(line))

    assert Decimal("9999999999.9999") == entry.fields["price"]


def test_blank_lines_are_skipped_and_counted() -> None:
    """A line's number is the one that an editor shows."""
    assert [4] == [entry.line for entry in lines.read(a_file(b"\n", b"  \r\n", b"\t\n", a_body()))]


def test_a_reject_names_each_field_and_its_rule() -> None:
    """All broken rules of a line are told together."""
    ((line, reason),) = reasons(a_body(price=-1, stock_quantity="5"))

    assert 1 == line
    assert "price: Input should be greater than 0" in reason
    assert "stock_quantity: Input should be a valid integer" in reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nope", "not valid JSON: Expecting value (column 1)"),
        (b'{"price": NaN}', "not valid JSON: NaN is not JSON"),
        (b'{"id": 1, "id": 2}', "not valid JSON: a name given twice: which one is meant?"),
        (b"[" * 100_000, "not valid JSON: nested too deeply"),
        (b'"\xff"', "not valid JSON: not UTF-8"),
        (b"[]", "product: Must be a JSON object"),
        (b"x" * (lines.MAX_LINE_BYTES + 1), "longer than 1024 KiB"),
    ],
    ids=["text", "NaN", "twice", "deep", "latin-1", "list", "long"],
)
def test_what_is_no_json_object_is_a_reject(line: bytes, reason: str) -> None:
    """The line is told with its reason, and the next one is read as if nothing had been."""
    rejected, taken = lines.read(a_file(line + b"\n", a_body()))

    assert Reject(1, reason) == rejected
    assert 2 == taken.line


def test_a_long_line_is_not_kept_in_memory() -> None:
    """Of a line over the limit only its beginning is ever held."""
    file = a_file(b"x" * (lines.MAX_LINE_BYTES * 3 + 7) + b"\n", a_body(), b"y" * 5_000_000)

    assert [1, 2, 3] == [line.line for line in lines.read(file)]
    assert lines.MAX_LINE_BYTES + 1 == len(lines._next(io.BytesIO(b"x" * 9_000_000)))


def test_an_id_given_twice_belongs_to_the_first_line_that_is_fit() -> None:
    """No batch can hold an id twice, and which line was meant nobody knows."""
    broken, taken, twice = lines.read(
        a_file(a_body(id=SOME_ID, price=0), a_body(id=SOME_ID), a_body(id=SOME_ID))
    )

    assert isinstance(broken, Reject)
    assert isinstance(taken, Entry)
    assert Reject(3, "id: given twice, first on line 2") == twice


def test_a_reason_says_nothing_to_the_terminal_but_text() -> None:
    """A field's name is the file's choice: escape sequences in it are shown, not sent."""
    ((_, reason),) = reasons(a_body(**{"\x1b[31m" * 99: 1}))

    assert reason.isprintable()
    assert 200 > len(reason)


def test_many_faults_of_one_line_are_cut_short() -> None:
    """A line of a thousand unknown fields does not fill the screen."""
    ((_, reason),) = reasons(a_body(**{f"field{n}": 1 for n in range(1000)}))

    assert reason.endswith("and 995 more")


def test_counting_lines_rewinds_and_minds_no_bytes() -> None:
    """What is no UTF-8 is its own line's fault: the others are read."""
    file = a_file(a_body(name="Møuse 😀"), b'"\xfc"\n', a_body())

    assert 3 == lines.count(file)
    first, broken, last = lines.read(file)
    assert [1, 3] == [first.line, last.line]
    assert Reject(2, "not valid JSON: not UTF-8") == broken
