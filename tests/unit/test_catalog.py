"""The catalog writes to the table between the fence and its release."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.products.catalog import Catalog
from tests.doubles.products import InMemoryProducts
from tests.examples import a_draft


class RecordingCache:
    """Records fences in the table's list of calls."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    @contextmanager
    def fenced(self, product_id: str) -> Iterator[None]:
        self._calls.append(f"fence {product_id}")
        yield
        self._calls.append(f"release {product_id}")


@pytest.fixture
def products() -> InMemoryProducts:
    return InMemoryProducts()


@pytest.fixture
def catalog(products: InMemoryProducts) -> Catalog:
    return Catalog(RecordingCache(products.calls), lambda: products)


def test_an_update_commits_within_its_fence(catalog: Catalog, products: InMemoryProducts) -> None:
    """Fence, write, release: in this order."""
    product_id = catalog.create(a_draft()).id
    products.calls.clear()

    catalog.update(product_id, {"name": "Ball"})

    assert [f"fence {product_id}", "update", f"release {product_id}"] == products.calls


def test_a_deletion_commits_within_its_fence(catalog: Catalog, products: InMemoryProducts) -> None:
    """Fence, remove, release: in this order."""
    product_id = catalog.create(a_draft()).id
    products.calls.clear()

    catalog.delete(product_id)

    assert [f"fence {product_id}", "remove", f"release {product_id}"] == products.calls
