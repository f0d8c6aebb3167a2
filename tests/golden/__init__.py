"""The bytes of a cached product that has every field, held to a file: one for each `SCHEMA`."""

from decimal import Decimal
from pathlib import Path

from chalicelib.products.cache import CODEC
from chalicelib.products.model import SCHEMA, Product, represent
from chalicelib.products.schemas import ProductDraft
from tests.examples import a_product

FOLDER = Path(__file__).parent
FILE = FOLDER / f"cache-entry-{SCHEMA}.bin"


def product() -> Product:
    """Return a product of the examples in `schemas.py`, with a name and a price that test more."""
    examples = {name: rule.examples[0] for name, rule in ProductDraft.model_fields.items()}
    return a_product(**examples | {"name": "Mäuschen 🐭", "price": Decimal("9999999999.9999")})


def entry() -> bytes:
    """Return what today's code writes into the cache."""
    return CODEC.encode(represent(product()))
