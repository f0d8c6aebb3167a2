"""
The use cases of products. Knows neither HTTP, DynamoDB nor Redis.

Those of any resource come from `caching/cache_aside.py`; a product's own are methods here.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.caching.cache_aside import CacheAside, Cached, Stored
from chalicelib.products.model import Product, represent
from chalicelib.resources import PRODUCTS


class Catalog(CacheAside[Product]):
    """The product catalog."""

    def __init__(self, cache: Cached, products: Callable[[], Stored[Product]]) -> None:
        super().__init__(PRODUCTS, represent, cache, products)
