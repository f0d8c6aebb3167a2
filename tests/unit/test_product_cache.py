"""The bytes in the cache, held to a file: releases side by side must read each other's."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.product import Representation, represent
from chalicelib.product_cache import SCHEMA, RepresentationCodec, key_of
from tests.examples import SOME_ID, a_product

GOLDEN = Path(__file__).parents[1] / "golden" / f"cache-entry-{SCHEMA}.bin"
CODEC = RepresentationCodec()


def _entry() -> bytes:
    return CODEC.encode(represent(a_product(name="Mäuschen 🐭", price=Decimal("9999999999.9999"))))


def test_the_bytes_are_those_of_the_golden_file() -> None:
    """To change the cached bytes, raise SCHEMA and add the file of its name."""
    assert GOLDEN.read_bytes() == _entry()


def test_the_golden_file_is_read() -> None:
    """What an earlier process wrote is a hit."""
    assert represent(
        a_product(name="Mäuschen 🐭", price=Decimal("9999999999.9999"))
    ) == CODEC.decode(GOLDEN.read_bytes())


def test_the_key_holds_no_schema() -> None:
    """Writers of every release fence the one key that readers of every release look at."""
    assert f"product:{SOME_ID}" == key_of(SOME_ID)


@given(st.integers(0, 10**18), st.text(min_size=1))
def test_what_was_laid_out_is_read_back(version: int, body: Any) -> None:
    """Any version and any body come back equal."""
    item = Representation(version, "Sun, 22 Nov 2026 12:00:00 GMT", body)

    assert item == CODEC.decode(CODEC.encode(item))


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"1", b"1 7", b"1 7 date", b"1 7 date\n", b"0 7 date\n{}", b"1 x date\n{}",
     b" 7 date\n{}", b"\xff\xfe", b"1 7 date\n\xff", b"1 " + b"9" * 5000 + b" d\n{}"],
)  # fmt: skip
def test_other_bytes_are_refused(data: bytes) -> None:
    """Another schema, a cut or broken entry: `ValueError`, which the cache takes as a miss."""
    with pytest.raises(ValueError):  # noqa: PT011 — the kind is the contract
        CODEC.decode(data)


@given(st.binary())
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    """Whatever lies in Redis, a reader gets a miss and no error."""
    with suppress(ValueError):
        CODEC.decode(data)


@pytest.mark.parametrize("length", [1, 10, 40, 100])
def test_a_cut_head_is_refused(length: int) -> None:
    """An entry cut before its body is no entry."""
    entry = _entry()
    head = entry.index(b"\n") + 1

    with pytest.raises(ValueError):  # noqa: PT011
        CODEC.decode(entry[: min(length, head)])
