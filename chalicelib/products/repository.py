"""Products in DynamoDB: the requests that only they need. Those of any resource: `dynamodb/`."""

from __future__ import annotations

from chalicelib.dynamodb.table import Table
from chalicelib.products.model import Product


class Repository(Table[Product]):
    """The table of products."""
