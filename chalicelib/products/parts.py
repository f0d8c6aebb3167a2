"""The objects of this resource, each built once, on first use."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from chalicelib.caching.codec import ItemCodec
from chalicelib.caching.item_cache import ItemCache, ReadsBypassed
from chalicelib.caching.stream import Image, Invalidator
from chalicelib.products.cache import CODEC
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import Product, represent
from chalicelib.products.routes import ProductRoutes
from chalicelib.resources import PRODUCTS, Resource
from chalicelib.resources.representation import Representation

if TYPE_CHECKING:
    from chalicelib.dynamodb.attributes import Reader
    from chalicelib.products.repository import Repository


class Shared(Protocol):
    """What all resources use: `bootstrap.py`."""

    def item_cache(self, codec: ItemCodec) -> ItemCache | ReadsBypassed: ...

    def table_options(self, resource: Resource) -> dict[str, Any]:
        """Return what `dynamodb.table.Table` takes, but for the kind of item."""


class Products:
    """The parts of the resource. What a cache hit does not need is imported on first use."""

    resource: Final = PRODUCTS

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    @cached_property
    def routes(self) -> ProductRoutes:
        """The endpoints."""
        return ProductRoutes(self.catalog)

    @cached_property
    def catalog(self) -> Catalog:
        """The use cases."""
        return Catalog(self.cache, lambda: self.repository)

    @cached_property
    def cache(self) -> ItemCache | ReadsBypassed:
        """The cached products."""
        return self._shared.item_cache(CODEC)

    @cached_property
    def repository(self) -> Repository:
        """The table of products. Needs boto3."""
        from chalicelib.products.repository import Repository

        return Repository(kind=Product, **self._shared.table_options(self.resource))

    def import_all(self) -> None:
        """Import what a first miss or write would import."""
        from chalicelib.products import schemas  # noqa: F401 — the routes use it

        _ = self.catalog, self.repository

    def parse_identified(self, data: object) -> tuple[str | None, dict[str, Any]]:
        """Check an item of an import; return its id, if it has one, and its fields."""
        from chalicelib.products.schemas import parse_identified

        return parse_identified(data)

    def represent(self, item: Product) -> Representation:
        """Return a product as clients read it."""
        return represent(item)

    @cached_property
    def invalidator(self) -> Invalidator:
        """What the table's stream calls."""
        return Invalidator(self.resource, self.cache.invalidate, entry_of_image)


def entry_of_image(image: Image) -> bytes:
    """Return the cache entry of a stream record's image. Raise as `Reader.read` does."""
    return CODEC.entry(represent(_reader().read(image)))


@cache
def _reader() -> Reader[Product]:
    from chalicelib.dynamodb.attributes import Reader

    return Reader(Product)
