"""The formats of a file to import: NDJSON and JSON arrays. Other formats are refused."""

import codecs
import io
import json
from typing import Any

import pytest

from dev.transfer import formats
from dev.transfer.formats import MAX_LINE_BYTES, FormatError

TWO = [{"name": "a, [b] {c}"}, {"name": "d\u2028é😀", "n": [{}, '\n\\"']}]


def read(content: bytes) -> list[tuple[str, Any]]:
    """Return the place and content of each product."""
    return [(place, json.loads(text)) for place, text in formats.rows(io.BytesIO(content))]


def refusal(content: bytes) -> str:
    """Return the reason why a file is refused."""
    with pytest.raises(FormatError) as refused:
        formats.rows(io.BytesIO(content))
    return str(refused.value)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["plain", "BOM"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_ndjson_is_read_by_line(mark: bytes, newline: str) -> None:
    """With or without a byte order mark, a last newline and blank lines, which count."""
    text = newline.join(["", *map(json.dumps, TWO), " \t", json.dumps({"last": 1})])

    places = [("line 2", TWO[0]), ("line 3", TWO[1]), ("line 5", {"last": 1})]
    assert places == read(mark + text.encode())


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["plain", "BOM"])
@pytest.mark.parametrize("blank", [b"", b" \r\n\n"], ids=["", "blank lines first"])
def test_a_pretty_printed_array_is_read_by_element(mark: bytes, blank: bytes) -> None:
    """Each element has its number, and the line of its start in an editor."""
    text = json.dumps(TWO, indent=2, ensure_ascii=False).encode()

    first, second = read(mark + blank + text + b"\n")

    above = blank.count(b"\n")
    assert (f"product 1 (line {above + 2})", TWO[0]) == first
    assert (f"product 2 (line {above + 5})", TWO[1]) == second


def test_a_compact_array_is_read_by_element() -> None:
    """Any JSON value is an element. Other values than products are rejected later."""
    values = [*TWO, [], "x", 1.50, None, -2, "]"]

    places = [f"product {number} (line 1)" for number in range(1, 9)]
    assert list(zip(places, values, strict=True)) == read(json.dumps(values).encode())


def test_an_element_keeps_every_digit() -> None:
    """The array is split, not decoded and encoded."""
    ((_, text),) = formats.rows(io.BytesIO(b"[ 0.10000000000000000001 ]"))

    assert "0.10000000000000000001" == text


@pytest.mark.parametrize("content", [b"", b"\n \n", codecs.BOM_UTF8, b"[]", b" [\n]\n"])
def test_an_empty_file_contains_no_product(content: bytes) -> None:
    """An empty array likewise."""
    assert [] == read(content)


@pytest.mark.parametrize(
    "content",
    [
        b"id,name,price\n1,Mouse,24.99\n",
        b'{\n  "name": "pretty-printed"\n}\n',
        b'"text"\n',
        b"PK\x03\x04\x14\x00",
        '{"name": "Mäuschen"}\n'.encode("latin-1"),
        *(f'{mark}{{"name": "a"}}\n'.encode("utf-16-le") for mark in ("\ufeff", "")),
        "\ufeff[]".encode("utf-16-be"),
        b'{"a": "' + b"x" * MAX_LINE_BYTES + b'"}',
        b'{"a":' * 100_000,
    ],
    ids=["CSV", "object", "text", "zip", "latin-1", "16-le", "no BOM", "16-be", "long", "deep"],
)
def test_another_format_is_refused(content: bytes) -> None:
    """One sentence names the line and the expected format. No later line is read."""
    assert refusal(content).startswith("line 1 is not a JSON object; expected NDJSON")
    assert refusal(b"\n\n" + content + b'\n{"name": "valid"}\n').startswith("line 3 is not")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'[\n  {"a": 1}\n  {"b": 2}\n]', "Expecting ',' delimiter: line 3 column 3 (char 15)"),
        (b'\n[{"a": 1},\n', "Expecting value: line 3 column 1 (char 12)"),
        (b"[1,]", "line 1 column"),  # of the comma or behind it, by the version of Python
        (b'[{"a": 1}]\n[{"a": 1}]', "Extra data: line 2 column 1 (char 11)"),
        ('["ä"]'.encode("latin-1"), "'utf-8' codec can't decode byte 0xe4 in position 2"),
        (b"[" * 100_000, "recursion"),
    ],
    ids=["comma", "cut off", "last comma", "two", "latin-1", "deep"],
)
def test_an_invalid_array_is_refused(content: bytes, reason: str) -> None:
    """The sentence names the line of the error in the file."""
    text = refusal(content)

    assert text.startswith("the JSON array cannot be read: ")
    assert reason in text


def test_an_array_of_more_than_64_mib_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be loaded into memory. NDJSON has no limit."""
    monkeypatch.setattr(formats, "MAX_ARRAY_BYTES", 2 * 1024**2)

    assert "a JSON array of more than 2 MiB; use NDJSON" in refusal(
        b"[" + b" " * 2 * 1024**2 + b"]"
    )


def test_ndjson_is_not_read_ahead() -> None:
    """A slow pipe delivers each product with its line."""
    file = io.BytesIO(b"{}\n" * 3)

    rows = iter(formats.rows(file))

    next(rows)
    assert 3 == file.tell()


def test_a_long_line_is_not_kept_in_memory() -> None:
    """A line over the limit is cut. The next line has the right number."""
    long = b'{"a": "' + b"x" * MAX_LINE_BYTES * 3

    rows = list(formats.rows(io.BytesIO(b"{}\n" + long + b"\n{}\n" + long)))

    assert ["line 1", "line 2", "line 3", "line 4"] == [row.place for row in rows]
    assert [3, MAX_LINE_BYTES + 1, 3, MAX_LINE_BYTES + 1] == [len(row.text) for row in rows]
