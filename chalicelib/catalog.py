"""
The use cases: get, list, create, update and delete a product, fresh whatever the timing.

A read asks the cache and only on a miss the repository. A write fences the product's key, commits,
then deletes the key. Knows neither HTTP, DynamoDB nor Redis.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from chalicelib.cache_entry import Fetched
from chalicelib.errors import ProductNotFound, VersionMismatch
from chalicelib.product import Page, Product, Representation, represent


class Products(Protocol):
    """Where products are kept: `repository.py`, which says what each call raises."""

    def get(self, product_id: str) -> Product | None: ...

    def add(self, product_id: str, fields: Mapping[str, Any]) -> Product: ...

    def update(
        self, product_id: str, changes: Mapping[str, Any], versions: Collection[int] | None = None
    ) -> Product: ...

    def remove(self, product_id: str, versions: Collection[int] | None = None) -> None: ...

    def query(self, limit: int, cursor: str | None = None) -> Page: ...


class Cached(Protocol):
    """Where copies of products are kept: `product_cache.py`."""

    def fetch(
        self, product_id: str, load: Callable[[], Representation | None], /
    ) -> Fetched[Representation]: ...

    def fenced(self, product_id: str, /) -> AbstractContextManager[None]: ...


class Catalog:
    """
    The product catalog.

    `products` is called on first need, so that a hit does not wait for DynamoDB's client.
    `versions`, where a method takes it, makes the write conditional: it raises `VersionMismatch`
    unless the product is at one of them. Every method may raise `Unavailable`.
    """

    def __init__(self, cache: Cached, products: Callable[[], Products]) -> None:
        self._cache = cache
        self._products = products

    def get(self, product_id: str) -> Fetched[Representation]:
        """Return the product, or none, and where that was learnt."""
        return self._cache.fetch(product_id, lambda: self._load(product_id))

    def list(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products. Never cached: a page cannot be fenced."""
        return self._products().query(limit, cursor)

    def create(self, fields: Mapping[str, Any]) -> Product:
        """
        Store a new product under an id of our own making.

        No fence: nobody can have asked for a UUID that was not there, so no entry can be stale.
        """
        return self._products().add(str(uuid.uuid4()), fields)

    def update(
        self, product_id: str, changes: Mapping[str, Any], versions: Collection[int] | None = None
    ) -> Product:
        """Change the fields named; `None` removes one. Raise `ProductNotFound`."""
        if not changes:
            return self._unchanged(product_id, versions)
        with self._cache.fenced(product_id):
            return self._products().update(product_id, changes, versions)

    def delete(self, product_id: str, versions: Collection[int] | None = None) -> None:
        """Remove the product. Raise `ProductNotFound`."""
        with self._cache.fenced(product_id):
            self._products().remove(product_id, versions)

    def _load(self, product_id: str) -> Representation | None:
        product = self._products().get(product_id)
        return None if product is None else represent(product)

    def _unchanged(self, product_id: str, versions: Collection[int] | None) -> Product:
        product = self._products().get(product_id)
        if product is None:
            raise ProductNotFound(product_id)
        if versions is not None and product.version not in versions:
            raise VersionMismatch(product_id)
        return product
