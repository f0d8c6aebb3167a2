"""The catalog with an in-memory table: fences, cached reads and refusals."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import represent
from chalicelib.resources.precondition import Precondition
from chalicelib.resources.representation import is_id
from tests.doubles.products import InMemoryProducts
from tests.examples import SOME_ID, a_draft


class RecordingCache:
    """A cache that stores nothing, and records fences in the table's list of calls."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def fetch(self, _product_id: object, load: Callable[[], Any]) -> Fetched[Any]:
        return Fetched(load(), Outcome.MISS)

    def fetch_many(
        self, product_ids: Sequence[str], load: Callable[[Any], Any], _check: object
    ) -> dict[str, Any]:
        return {**dict.fromkeys(product_ids), **load(product_ids)}

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


def test_a_created_product_gets_an_id(catalog: Catalog, products: InMemoryProducts) -> None:
    """The id is a new UUID for each product."""
    made = {catalog.create(a_draft()).id for _ in range(3)}

    assert set(products.stored) == made
    assert all(map(is_id, made))


def test_a_creation_needs_no_fence(catalog: Catalog, products: InMemoryProducts) -> None:
    """No cache entry exists for a new id."""
    catalog.create(a_draft())

    assert ["add"] == products.calls


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


def test_an_empty_update_writes_nothing(catalog: Catalog, products: InMemoryProducts) -> None:
    """It reads the product from the table."""
    made = catalog.create(a_draft())
    products.calls.clear()

    assert made == catalog.update(made.id, {})
    assert made == catalog.update(made.id, {}, Precondition([made.version]))
    assert ["get", "get"] == products.calls


def test_an_empty_update_checks_its_precondition(catalog: Catalog) -> None:
    """It is refused like any other update."""
    made = catalog.create(a_draft())

    with pytest.raises(PreconditionFailed):
        catalog.update(made.id, {}, Precondition([made.version + 1]))
    with pytest.raises(PreconditionFailed):
        catalog.update(made.id, {}, Precondition([]))
    with pytest.raises(NotFound):
        catalog.update(SOME_ID, {})


def test_a_product_is_read_as_its_representation(catalog: Catalog) -> None:
    """`get` returns the response body."""
    made = catalog.create(a_draft())

    assert Fetched(represent(made), Outcome.MISS) == catalog.get(made.id)
    assert Fetched(None, Outcome.MISS) == catalog.get(SOME_ID)


def test_the_table_is_created_lazily(products: InMemoryProducts) -> None:
    """Creating the catalog does not create DynamoDB's client."""
    created = []
    catalog = Catalog(RecordingCache([]), lambda: created.append("table") or products)

    assert [] == created
    catalog.get(SOME_ID)
    assert ["table"] == created
