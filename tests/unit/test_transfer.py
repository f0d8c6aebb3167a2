"""Export and import with fakes; the replaced file."""

import io
import os
import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.caching.item_cache import ReadsBypassed
from chalicelib.errors import StoreUnavailable
from chalicelib.products.model import Product, represent
from chalicelib.products.schemas import parse_identified
from dev.transfer import entries, formats, saving
from dev.transfer.loading import Import
from tests.doubles.products import InMemoryProducts
from tests.examples import a_product

PRODUCTS = st.builds(
    a_product,
    id=st.uuids().map(str),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255).filter(
        lambda text: re.search(r"\S", text)
    ),
    description=st.text(st.characters(exclude_categories=["Cs"]), max_size=300).map("x{}😀".format),
    price=st.decimals(Decimal("0.0001"), Decimal("9999999999.9999"), places=4),
    stock_quantity=st.integers(0, 1_000_000_000),
    category=st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
)


def test_a_line_is_the_response_body() -> None:
    """An export contains the exact bodies of GET."""
    product, file = a_product(name="Møuse 😀"), io.BytesIO()

    assert 1 == saving.write([represent(product)], file)
    assert f"{represent(product).body}\n".encode() == file.getvalue()


@pytest.mark.parametrize(
    ("start", "separator", "end"), [(b"", b"\n", b"\n"), (b"[\n", b",\n", b"]")]
)
@given(st.lists(PRODUCTS, max_size=5, unique_by=lambda product: product.id))
def test_an_export_can_be_imported_unchanged(
    start: bytes, separator: bytes, end: bytes, products: list[Product]
) -> None:
    """With everything that the models allow, as NDJSON or as an array."""
    file = io.BytesIO()
    saving.write(map(represent, products), file)
    file = io.BytesIO(start + separator.join(file.getvalue().splitlines()) + end)

    again = InMemoryProducts()
    Import(ReadsBypassed(None), again).store(entries.read(formats.rows(file), parse_identified))

    assert _bodies(products) == _bodies(again.stored.values())
    assert {each.id: each.price for each in products} == {
        each.id: each.price for each in again.stored.values()
    }


def test_a_failed_export_does_not_change_the_file(tmp_path: Path) -> None:
    """No partial file is left."""
    path = tmp_path / "products.ndjson"
    path.write_text("before")

    with suppress(StoreUnavailable), saving.replacing(path) as file:
        file.write(b"half")
        raise StoreUnavailable("gone")

    assert "before" == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    """The target of the link is replaced."""
    path, link = tmp_path / "products.ndjson", tmp_path / "link"
    link.symlink_to(path)

    with saving.replacing(link) as file:
        file.write(b"whole")

    assert link.is_symlink()
    assert "whole" == path.read_text()


def test_a_device_is_not_replaced() -> None:
    """/dev/null stays a device."""
    with saving.replacing(Path(os.devnull)) as file:
        file.write(b"away")

    assert Path(os.devnull).is_char_device()


def _bodies(products: Any) -> list[str]:
    return sorted(represent(product).body for product in products)
