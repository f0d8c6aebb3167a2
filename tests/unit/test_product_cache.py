"""The cached bytes match a file, so that releases can read each other's entries."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.products.cache import CODEC
from chalicelib.products.model import SCHEMA, represent
from tests.examples import OTHER_ID, SOME_ID, a_product
from tests.golden import FILE, entry, product

KEY = CODEC.key(SOME_ID)


def test_the_bytes_match_the_golden_file() -> None:
    """To change the cached bytes, raise SCHEMA, then `make golden`."""
    assert FILE.read_bytes() == entry()


def test_the_golden_file_is_decoded() -> None:
    """What an earlier process wrote is a hit."""
    assert represent(product()) == CODEC.decode(KEY, FILE.read_bytes())


def test_the_golden_product_has_every_field() -> None:
    """So a new field changes the bytes, and the test above fails until SCHEMA is raised."""
    assert None not in product()


def test_the_key_contains_no_schema() -> None:
    """All releases use the same key, so that fences apply to all of them."""
    assert f"product:{SOME_ID}" == CODEC.key(SOME_ID)


@given(st.integers(0, 10**38 - 1), st.text(), st.text())
def test_an_encoded_item_is_decoded(version: int, name: str, description: str) -> None:
    """With any version of DynamoDB and any text."""
    item = represent(a_product(version=version, name=name, description=description))

    assert item == CODEC.decode(KEY, CODEC.encode(item))


BODY = represent(a_product()).body.encode()
DATE = b"Sun, 22 Nov 2026 12:00:00 GMT"
HEAD = b"%d 7 %b" % (SCHEMA, DATE)
FORGED = {
    "empty": b"",
    "an end of line": b"\n",
    "half a head": b"%d 7" % SCHEMA,
    "no body": HEAD + b" 0\n",
    "another schema": b"%d 7 %b %d\n%b" % (SCHEMA - 1, DATE, len(BODY), BODY),
    "no schema": b" 7 %b %d\n%b" % (DATE, len(BODY), BODY),
    "a date that is none": b"%d 7 Mon %d\n%b" % (SCHEMA, len(BODY), BODY),
    "a header in the date": b"%b\r\nX: %d\n%b" % (HEAD, len(BODY), BODY),
    "no JSON": b"%b 8\nnot json" % HEAD,
    "a shorter length": b"%b %d\n%b" % (HEAD, len(BODY) - 1, BODY),
    "a longer length": b"%b %d\n%b" % (HEAD, len(BODY) + 1, BODY),
    "a length with a sign": b"%b +%d\n%b" % (HEAD, len(BODY), BODY),
    "an end that is cut": b"%b %d\n%b" % (HEAD, len(BODY) - 1, BODY[:-1]),
    "no UTF-8": b"%b %d\n%b" % (HEAD, len(BODY), BODY.replace(b"Mouse", b"Mou\xffe")),
    "bytes": b"\xff\xfe",
}
VERSIONS = [b"-5", b"+5", b"1_000", b"007", b"1.0", b"1e3", b"x", b"9" * 39, b" 7", "٧".encode()]


@pytest.mark.parametrize("data", FORGED.values(), ids=FORGED)
def test_invalid_entries_are_refused(data: bytes) -> None:
    """Another schema, a cut or forged entry: `ValueError`, which is a miss."""
    with pytest.raises(ValueError):  # noqa: PT011 — the kind is the contract
        CODEC.decode(KEY, data)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_invalid_version_is_refused(version: bytes) -> None:
    """Signs, underscores and leading zeros."""
    forged = b"%d %b %b %d\n%b"
    assert CODEC.decode(KEY, forged % (SCHEMA, b"7", DATE, len(BODY), BODY))

    with pytest.raises(ValueError):  # noqa: PT011
        CODEC.decode(KEY, forged % (SCHEMA, version, DATE, len(BODY), BODY))


def test_an_entry_belongs_to_its_key() -> None:
    """Under another product's key it is invalid."""
    with pytest.raises(ValueError):  # noqa: PT011
        CODEC.decode(CODEC.key(OTHER_ID), entry())


@given(st.binary())
def test_any_bytes_raise_only_a_value_error(data: bytes) -> None:
    """Whatever lies in Redis, a reader gets a miss and no error."""
    for forged in (data, HEAD + data, b"%b %d\n%b" % (HEAD, len(data), data)):
        with suppress(ValueError):
            CODEC.decode(KEY, forged)


@pytest.mark.parametrize("length", [1, 10, 40, 100])
def test_a_truncated_entry_is_refused(length: int) -> None:
    """Before its body or within it."""
    with pytest.raises(ValueError):  # noqa: PT011
        CODEC.decode(KEY, entry()[:length])
