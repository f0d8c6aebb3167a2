"""Where a product is in the cache, and as which bytes. The golden file in `tests/` guards them."""

from typing import Final

from chalicelib.caching.codec import ItemCodec
from chalicelib.products.model import SCHEMA
from chalicelib.resources import PRODUCTS

CODEC: Final = ItemCodec(PRODUCTS.key_prefix, SCHEMA)
