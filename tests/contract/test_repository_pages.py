"""Listing by pages, for the fake, moto and the emulator."""

import base64
import uuid
from collections.abc import Iterable, Iterator

import pytest

from chalicelib.errors import InvalidCursor
from chalicelib.products.model import Product
from tests.doubles.products import Products
from tests.examples import a_draft


def _add(products: Products, count: int) -> set[str]:
    return {products.add(str(uuid.uuid4()), a_draft()).id for _ in range(count)}


def _pages(products: Products, limit: int) -> Iterator[list[Product]]:
    page, cursor = products.scan(limit)
    yield page
    while cursor is not None:
        page, cursor = products.scan(limit, cursor)
        yield page


def _ids(pages: Iterable[list[Product]]) -> list[str]:
    return [product.id for page in pages for product in page]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 6, 7, 8, 100])
def test_the_pages_contain_every_product_once(products: Products, limit: int) -> None:
    """With any limit."""
    added = _add(products, 7)

    visited = _ids(_pages(products, limit))

    assert sorted(added) == sorted(visited)


@pytest.mark.parametrize(
    ("count", "limit", "sizes"), [(0, 10, [0]), (4, 2, [2, 2]), (5, 2, [2, 2, 1]), (1, 1, [1])]
)
def test_the_last_page_has_no_cursor(
    products: Products, count: int, limit: int, sizes: list[int]
) -> None:
    """No empty page follows."""
    _add(products, count)

    assert sizes == [len(page) for page in _pages(products, limit)]


def test_concurrent_writes_do_not_affect_other_products(products: Products) -> None:
    """Additions and deletions between pages neither hide nor repeat other products."""
    stay, go = _add(products, 12), _add(products, 6)
    visited = []
    for page in _pages(products, 3):
        visited += _ids([page])
        if go:
            products.remove(go.pop())
        _add(products, 1)

    assert stay <= set(visited)
    assert len(visited) == len(set(visited))


def test_a_cursor_of_a_deleted_product_works(products: Products) -> None:
    """The next page continues after it."""
    added = _add(products, 4)
    page, cursor = products.scan(2)
    products.remove(page[-1].id)

    rest, _ = products.scan(2, cursor)

    assert added == {*_ids([page]), *_ids([rest])}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "ü", "\ud800", "a" * 5000, "bm90LWEtdXVpZA", "=", "null",
     base64.urlsafe_b64encode(b"550E8400-E29B-41D4-A716-446655440000").decode(),
     base64.urlsafe_b64encode(b"550e8400-e29b-41d4-a716-446655440000\n").decode(),
     base64.urlsafe_b64encode(b"\xff" * 36).decode()],
)  # fmt: skip
def test_an_invalid_cursor_is_refused(products: Products, cursor: str | None) -> None:
    """It is not treated as the end of the list."""
    with pytest.raises(InvalidCursor):
        products.scan(10, cursor)
