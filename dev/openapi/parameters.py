"""What a request may say beside its body, to the rules of `api/queries.py` and `api/inputs.py`."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import inputs, preconditions, queries
from chalicelib.product import UUID_PATTERN
from dev.openapi import examples, headers

Parameter = dict[str, Any]
_PRICE: Final = {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,4})?$"}
_TAGS: Final = f'"{examples.VERSION}"'


def _query(name: str, about: str, schema: Parameter, **more: Any) -> Parameter:
    return {"name": name, "in": "query", "description": about, "schema": schema, **more}


def _header(name: str, about: str, example: str, **rules: Any) -> Parameter:
    schema = {"type": "string", **rules, "examples": [example]}
    return {"name": name, "in": "header", "description": about, "schema": schema}


ALL: Final[dict[str, Parameter]] = {
    "ProductId": {
        "name": "product_id",
        "in": "path",
        "required": True,
        "description": "The product's id. What can be none is answered 404.",
        "schema": {"type": "string", "pattern": UUID_PATTERN, "examples": [examples.ID]},
    },
    "Limit": _query(
        "limit",
        "How many products a page has at most.",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": queries.MAX_LIMIT,
            "default": queries.DEFAULT_LIMIT,
        },
    ),
    "Cursor": _query(
        "cursor",
        "The `next_cursor` of a page asked for with the same parameters (`limit` may differ). "
        "Any other is answered 400.",
        {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    ),
    "Category": _query(
        "category",
        "Only products of this category, by price.",
        {"type": "string", "minLength": 1, "maxLength": queries.MAX_CATEGORY},
    ),
    "MinPrice": _query("min_price", "From this price on. Needs a `category`.", _PRICE),
    "MaxPrice": _query(
        "max_price", "Up to this price, not under `min_price`. Needs a `category`.", _PRICE
    ),
    "Sort": _query(
        "sort",
        "The cheapest first, or the dearest. Needs a `category`.",
        {"type": "string", "enum": ["price", "-price"], "default": "price"},
    ),
    "Ids": _query(
        "ids",
        "These products, with a comma between their ids. Goes with no other parameter.",
        {
            "type": "array",
            "minItems": 1,
            "maxItems": queries.MAX_IDS,
            "items": {"type": "string", "pattern": "^[^,]+$"},
        },
        style="form",
        explode=False,
    ),
    "IdempotencyKey": _header(
        "Idempotency-Key",
        "Makes a repeat safe: the same key with the same body answers with the product first made, "
        "with another body 422. A product deleted since is made anew.",
        "3f0e4a7b-9a53-4f0f",
        pattern=f"^[!-~]{{1,{inputs.MAX_IDEMPOTENCY_KEY}}}$",
    ),
    "IfMatch": _header(
        "If-Match",
        "Entity tags, or `*`: 412 unless the product is at one of these versions. Weak tags match "
        f"none; more than {preconditions.MAX_ENTITY_TAGS} are answered 400 on a write.",
        "*",
    ),
    "IfNoneMatch": _header(
        "If-None-Match",
        "Entity tags, or `*`. A read is answered 304 where one names the present version; a write "
        f"is answered 412, and 400 for more than {preconditions.MAX_ENTITY_TAGS}.",
        _TAGS,
    ),
    "IfUnmodifiedSince": _header(
        "If-Unmodified-Since",
        "An HTTP date: 412 where the product was written after that second. Ignored beside "
        "`If-Match`, and where it is no date.",
        headers.MOMENT,
    ),
    "IfModifiedSince": _header(
        "If-Modified-Since",
        "An HTTP date: 304 where the product was not written after that second. Ignored beside "
        "`If-None-Match`, and where it is no date. Two writes within one second have one date.",
        headers.MOMENT,
    ),
    "Accept": _header("Accept", "`text/html` for a page; anything else for JSON.", "text/html"),
    "RequestId": _header(
        "X-Request-Id",
        "Names the request in the log: letters, digits, `.`, `_` and `-`, up to 128. Another one "
        "is passed over.",
        "checkout-42",
    ),
}


def refs(*names: str) -> list[Parameter]:
    """Return references to parameters of `ALL`, and to the one that every request may have."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in (*names, "RequestId")]
