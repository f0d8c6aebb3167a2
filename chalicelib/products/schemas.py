"""
What a client may say of a product: the rules of each field. Knows neither HTTP nor storage.

Imported on the first write only (`bootstrap.py`): Pydantic costs 170 ms that no read should pay.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from chalicelib.errors import MAX_ERRORS, FieldError, InvalidProduct
from chalicelib.products.model import UUID_PATTERN


def _exact(value: object) -> object:
    """Take a JSON integer as a price too. A float never comes here: see `api/strict_json.py`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


# `\S`, written out: each dialect of regular expressions has its own idea of white space, and the
# OpenAPI document has this pattern too. It is Unicode's White_Space.
NOT_BLANK = (
    r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a"
    r"\u2028\u2029\u202f\u205f\u3000]"
)
Id = Annotated[
    str,
    Field(
        pattern=UUID_PATTERN,
        description="Made by the server, or brought along by an import.",
        examples=["550e8400-e29b-41d4-a716-446655440000"],
        json_schema_extra={"format": "uuid"},
    ),
]
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
    AfterValidator(Decimal.normalize),  # of trailing zeros, a body has room for 250,000
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
Category = Annotated[str, Field(min_length=1, max_length=100)]


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class ProductDraft(_Fields):
    """A product before it has an id."""

    name: Name
    description: Description
    price: Price
    stock_quantity: StockQuantity
    category: Category | None = Field(
        default=None,
        description="Optional: a product without one is returned without the field.",
        examples=["accessories"],
    )


class IdentifiedDraft(ProductDraft):
    """A product that may bring its id along, as an import does."""

    id: Id | None = None


_UNNAMED: Any = Field(default=None, validate_default=False)


class ProductChanges(_Fields):
    """
    Any subset of the fields. Only `category` may be null, which removes it.

    A field that the client did not name reads as `None` too, so ask `named`.
    """

    name: Name = _UNNAMED
    description: Description = _UNNAMED
    price: Price = _UNNAMED
    stock_quantity: StockQuantity = _UNNAMED
    category: Category | None = Field(
        default=None,
        description="`null` removes it. No other field may be null.",
        examples=["accessories"],
    )

    def named(self) -> dict[str, Any]:
        """Return the fields that the client named, and only those."""
        return self.model_dump(exclude_unset=True)


_PATTERNS = {
    NOT_BLANK: "Must not be only white space",
    UUID_PATTERN: "Must be a UUID in lower case",
}
_KINDS = {"model_type": "Must be a JSON object", "is_instance_of": "Must be a number"}
"""Where Pydantic's own words name a class of ours, or of Python's."""

_Model = TypeVar("_Model", bound=BaseModel)


def parse(model: type[_Model], data: object) -> _Model:
    """Check `data`, decoded JSON whose fractions are `Decimal`. Raise `InvalidProduct`."""
    data, left_out = _shortened(model, data)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = [_field_error(each) for each in error.errors(include_url=False)]
        raise InvalidProduct(errors, len(errors) + left_out) from None


def _shortened(model: type[_Model], data: object) -> tuple[object, int]:
    """
    Leave out unknown fields past the first `MAX_ERRORS`; return also how many.

    Pydantic makes an error of each, and a body has room for thirty thousand.
    """
    if not isinstance(data, dict):
        return data, 0
    known = {name: data[name] for name in model.model_fields if name in data}
    unknown = (name for name in data if name not in known)
    kept = known | {name: data[name] for name in islice(unknown, MAX_ERRORS)}
    return kept, len(data) - len(kept)


def _field_error(error: Any) -> FieldError:
    pattern = error.get("ctx", {}).get("pattern")
    msg = _PATTERNS.get(pattern) or _KINDS.get(error["type"], error["msg"])
    return FieldError(tuple(error["loc"]), msg, error["type"])
