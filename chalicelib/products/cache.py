"""Where a product is in the cache, and as which bytes. The golden file in `tests/` guards them."""

from typing import Final

from chalicelib.caching.codec import ItemCodec
from chalicelib.resources import PRODUCTS

SCHEMA: Final = 2
"""Raise it whenever the bytes change. An entry of another schema counts as a miss."""
CODEC: Final = ItemCodec(PRODUCTS.key_prefix, SCHEMA)
