"""
What a client may send as a product: the rules of each field. Knows neither HTTP nor storage.

Imported on the first write only: Pydantic costs 170 ms that no read should pay.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from chalicelib.api.validation import NOT_BLANK, REMOVABLE, UNNAMED, Changes, Fields, Id, parse

__all__ = ["IdentifiedDraft", "ProductChanges", "ProductDraft", "parse", "parse_identified"]


def _exact(value: object) -> object:
    """Take a JSON integer as a price too. A float never comes here: see `strict_json.py`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=NOT_BLANK,
        description="Not only white space.",
        examples=["Wireless Mouse"],
    ),
]
Description = Annotated[
    str,
    Field(
        min_length=1,
        max_length=10_000,
        pattern=NOT_BLANK,
        description="Not only white space.",
        examples=["Ergonomic wireless mouse with adjustable DPI"],
    ),
]
Price = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(
        gt=0,
        max_digits=14,
        decimal_places=4,
        description="At most 10 integer digits and 4 decimals. Stored and returned exactly.",
        examples=[24.99],
    ),
    AfterValidator(Decimal.normalize),  # a body has room for 250,000 trailing zeros
    # `multipleOf: 0.0001` would fail in floating point: 24.99 / 0.0001 is no integer.
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 9999999999.9999}),
]
StockQuantity = Annotated[
    int,
    Field(
        ge=0,
        le=1_000_000_000,
        description='Written as an integer: `5`, not `5.0` or `"5"`.',
        examples=[150],
    ),
]
Category = Annotated[
    Annotated[str, Field(min_length=1, max_length=100)] | None,
    Field(
        description="Optional: a product without one is returned without the field.",
        examples=["accessories"],
    ),
]


class ProductDraft(Fields):
    """A product before it has an id."""

    name: Name
    description: Description
    price: Price
    stock_quantity: StockQuantity
    category: Category = None


class IdentifiedDraft(ProductDraft):
    """A product that may contain its id, as in an import."""

    id: Id | None = None


class ProductChanges(Changes):
    """Any subset of the fields. `null` removes an optional one; no other may be null."""

    name: Name = UNNAMED
    description: Description = UNNAMED
    price: Price = UNNAMED
    stock_quantity: StockQuantity = UNNAMED
    category: Category = REMOVABLE


def parse_identified(data: object) -> tuple[str | None, dict[str, Any]]:
    """Check a product of an import; return its id, if it has one, and its fields."""
    draft = parse(IdentifiedDraft, data)
    return draft.id, draft.model_dump(exclude={"id"})
