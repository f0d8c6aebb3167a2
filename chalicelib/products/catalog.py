"""
The use cases: get, list, create, update and delete a product, fresh whatever the timing.

A read asks the cache and only on a miss the repository. A write fences the product's key, commits,
then deletes the key. Knows neither HTTP, DynamoDB nor Redis.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

from chalicelib import telemetry
from chalicelib.caching.entries import Fetched
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.products.model import CategoryQuery, Product, is_listed, represent
from chalicelib.resources import PRODUCTS
from chalicelib.resources.idempotency import fingerprint, id_from
from chalicelib.resources.precondition import NO_PRECONDITION, Precondition
from chalicelib.resources.representation import Page, Representation, is_id

Check = Callable[[Representation], None]
"""
Gets each product of a listing as soon as it is read, in any order. What it raises ends the read,
so that a listing that gets too long is not read to its end.
"""


class Products(Protocol):
    """The table of products: `dynamodb/table.py`, which documents what each call raises."""

    def get(self, product_id: str) -> Product | None: ...

    def add(
        self, product_id: str, fields: Mapping[str, Any], fingerprint: str | None = None
    ) -> Product: ...

    def update(
        self,
        product_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> Product: ...

    def remove(self, product_id: str, precondition: Precondition = NO_PRECONDITION) -> None: ...

    def get_many(self, product_ids: Sequence[str]) -> Mapping[str, Product]: ...

    def scan(self, limit: int, cursor: str | None = None) -> tuple[list[Product], str | None]: ...

    def query(
        self, query: CategoryQuery, limit: int, cursor: str | None = None
    ) -> tuple[Mapping[str, Decimal], str | None]: ...


class Cached(Protocol):
    """The cached products: `caching/item_cache.py`."""

    def fetch(
        self, product_id: str, load: Callable[[], Representation | None], /
    ) -> Fetched[Representation]: ...

    def fetch_many(
        self,
        product_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Check,
        /,
    ) -> Mapping[str, Representation | None]: ...

    def fenced(self, product_id: str, /) -> AbstractContextManager[None]: ...


def _any(_: Representation) -> None:
    """Let every product pass."""


class Catalog:
    """
    The product catalog.

    `products` is called on first need, so that a hit does not wait for DynamoDB's client.
    A write whose precondition is false raises `PreconditionFailed`, and nothing is written. Every
    method may raise `Unavailable`.
    """

    def __init__(self, cache: Cached, products: Callable[[], Products]) -> None:
        self._cache = cache
        self._products = products

    def get(self, product_id: str) -> Fetched[Representation]:
        """Return the product, or none, and where that was learnt."""
        return self._cache.fetch(product_id, lambda: self._load(product_id))

    def get_many(
        self, product_ids: Iterable[str], check: Check = _any
    ) -> dict[str, Representation | None]:
        """Return up to 100 products in the order asked for, each one once."""
        wanted = list(dict.fromkeys(product_ids))
        ids = list(filter(is_id, wanted))
        known = self._cache.fetch_many(ids, self._load_many, check)
        return {product_id: known.get(product_id) for product_id in wanted}

    def list(self, limit: int, cursor: str | None = None, check: Check = _any) -> Page:
        """Return a page of all products. Never cached: a page cannot be fenced."""
        products, next_cursor = self._products().scan(limit, cursor)
        return Page(tuple(_checked(map(represent, products), check)), next_cursor)

    def list_category(
        self, query: CategoryQuery, limit: int, cursor: str | None = None, check: Check = _any
    ) -> Page:
        """
        Return a page of a category, by price.

        The index has the ids; the cache or the table has the products as they are now. A product
        that the index still has at another price is left out, so a page may be short.
        """
        prices, next_cursor = self._products().query(query, limit, cursor)
        products = self.get_many(prices, check)
        listed = (
            self._listed(product, query.category, prices[product_id], product_id)
            for product_id, product in products.items()
            if product is not None
        )
        return Page(tuple(filter(None, listed)), next_cursor)

    def create(self, fields: Mapping[str, Any], idempotency_key: str | None = None) -> Product:
        """
        Store a new product; with a key that was used before, return the product it first made.

        Without a key there is no fence: no request can have named a new random UUID before, so no
        entry can be stale. Raise `KeyReused`, or `AlreadyExists` where the key's product was
        replaced by an import.
        """
        if idempotency_key is None:
            product_id = str(uuid.uuid4())
            telemetry.add_ids(product_id=product_id)
            return self._products().add(product_id, fields)
        product_id = id_from(idempotency_key)
        telemetry.add_ids(product_id=product_id)
        with self._cache.fenced(product_id):
            return self._products().add(product_id, fields, fingerprint(fields))

    def update(
        self,
        product_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> Product:
        """Change the fields named; `None` removes one. Raise `NotFound`."""
        if not changes:
            return self._unchanged(product_id, precondition)
        with self._cache.fenced(product_id):
            return self._products().update(product_id, changes, precondition)

    def delete(self, product_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        """Remove the product. Raise `NotFound`."""
        with self._cache.fenced(product_id):
            self._products().remove(product_id, precondition)

    def _listed(
        self, product: Representation, category: str, price: Decimal, product_id: str
    ) -> Representation | None:
        """Return the product if it is listed so; load it where the cache's text is no product."""
        try:
            return product if is_listed(product, category, price) else None
        except ValueError:
            loaded = self._load(product_id)
            return loaded if loaded and is_listed(loaded, category, price) else None

    def _load(self, product_id: str) -> Representation | None:
        product = self._products().get(product_id)
        return None if product is None else represent(product)

    def _load_many(self, product_ids: Sequence[str]) -> dict[str, Representation]:
        products = self._products().get_many(product_ids)
        return {product_id: represent(product) for product_id, product in products.items()}

    def _unchanged(self, product_id: str, precondition: Precondition) -> Product:
        product = self._products().get(product_id)
        if product is None:
            raise NotFound(PRODUCTS.noun, product_id)
        if not precondition.holds(product):
            raise PreconditionFailed(PRODUCTS.noun, product_id)
        return product


def _checked(products: Iterable[Representation], check: Check) -> Iterator[Representation]:
    for product in products:
        check(product)
        yield product
