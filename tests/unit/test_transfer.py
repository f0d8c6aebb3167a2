"""Import and export as a whole, with fakes at both edges; the replaced file; counted warnings."""

import io
import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import telemetry
from chalicelib.caching.item_cache import ReadsBypassed
from chalicelib.errors import StoreUnavailable
from chalicelib.products.model import Product, represent
from chalicelib.products.schemas import parse_identified
from dev.transfer import entries, formats, saving
from dev.transfer.loading import Import
from dev.transfer.quiet_log import QuietLog
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


def test_a_line_is_what_the_api_sends() -> None:
    """An export holds the bodies of GET, to the byte."""
    product, file = a_product(name="Møuse 😀"), io.BytesIO()

    assert 1 == saving.write([represent(product)], file)
    assert f"{represent(product).body}\n".encode() == file.getvalue()


@pytest.mark.parametrize(
    ("start", "separator", "end"), [(b"", b"\n", b"\n"), (b"[\n", b",\n", b"]")]
)
@given(st.lists(PRODUCTS, max_size=5, unique_by=lambda product: product.id))
def test_an_export_imports_again_unchanged(
    start: bytes, separator: bytes, end: bytes, products: list[Product]
) -> None:
    """All that the models allow, as it is or as an array: text of any plane, four decimals."""
    file = io.BytesIO()
    saving.write(map(represent, products), file)
    file = io.BytesIO(start + separator.join(file.getvalue().splitlines()) + end)

    again = InMemoryProducts()
    Import(ReadsBypassed(None), again).store(entries.read(formats.rows(file), parse_identified))

    assert _bodies(products) == _bodies(again.stored.values())
    assert {each.id: each.price for each in products} == {
        each.id: each.price for each in again.stored.values()
    }


def test_a_failed_export_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Neither half a file nor a draft of one is left."""
    path = tmp_path / "products.ndjson"
    path.write_text("before")

    with suppress(StoreUnavailable), saving.replacing(path) as file:
        file.write(b"half")
        raise StoreUnavailable("gone")

    assert "before" == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_a_link_goes_on_pointing_to_the_file(tmp_path: Path) -> None:
    """What is replaced is the file behind the link."""
    path, link = tmp_path / "products.ndjson", tmp_path / "link"
    link.symlink_to(path)

    with saving.replacing(link) as file:
        file.write(b"whole")

    assert link.is_symlink()
    assert "whole" == path.read_text()


def test_a_device_is_written_to_and_not_replaced() -> None:
    """An export to /dev/null leaves it a device."""
    with saving.replacing(Path(os.devnull)) as file:
        file.write(b"away")

    assert Path(os.devnull).is_char_device()


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Give the log back as it was."""
    log = logging.getLogger("catalog")
    before = log.handlers, log.level, log.propagate
    yield
    log.handlers, log.propagate = before[0], before[2]
    log.setLevel(before[1])


def test_an_outage_of_redis_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Two warnings a product become one line, and one on what it means."""
    log = QuietLog()

    for _ in range(50):
        telemetry.info("cache invalidation")
        telemetry.warning("cache fence lost", reason="Redis did not answer: TimeoutError")

    fence, meaning = log.warnings()
    assert "cache fence lost (Redis did not answer: TimeoutError) × 50" == fence
    assert meaning.startswith("Redis was unavailable")
    assert ("", "") == capsys.readouterr()


def test_without_warnings_nothing_is_reported() -> None:
    """The command then prints no more than its counts."""
    assert [] == list(QuietLog().warnings())


def _bodies(products: Any) -> list[str]:
    return sorted(represent(product).body for product in products)
