"""
The shapes of bodies. Those that a client sends come from `chalicelib/models.py`, the one place for
the rules; what JSON Schema cannot say of them is told here in words.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from chalicelib.api import root
from chalicelib.errors import MAX_ERRORS
from chalicelib.models import NOT_BLANK, ProductChanges, ProductDraft
from chalicelib.product import UUID_PATTERN
from dev.openapi import examples

Schema = dict[str, Any]

_WORDS: Final = {
    "id": "Made by the server.",
    "name": "Not only white space.",
    "description": "Not only white space.",
    # `multipleOf: 0.0001` would say it, and fail in floating point: 24.99 / 0.0001 is no integer.
    "price": "At most 10 integer digits and 4 decimals. Kept and returned exactly, never rounded.",
    "stock_quantity": 'Written as an integer: `5`, not `5.0` or `"5"`.',
    "category": "Optional: a product without one is returned without the field.",
}
_PATTERNS: Final = {
    # `\S` written out: each dialect of regular expressions has its own idea of white space, and
    # ours (Rust's, Unicode's White_Space) is not that of JSON Schema.
    NOT_BLANK: r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a"
    r"\u2028\u2029\u202f\u205f\u3000]"
}
_CHANGED: Final = {**_WORDS, "category": "`null` removes it. No other field may be null."}


def ref(name: str) -> Schema:
    """Return a reference to a schema of `ALL`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _of_model(model: type[BaseModel], about: str, words: dict[str, str], example: Any) -> Schema:
    """Return the model's own schema, without Pydantic's titles and stand-ins for absent fields."""
    schema = model.model_json_schema()
    for name, field in schema["properties"].items():
        field.pop("title")
        field.pop("default", None)
        field["description"] = words[name]
        if "pattern" in field:
            field["pattern"] = _PATTERNS[field["pattern"]]
    return {**schema, "description": about, "examples": [example]}


def _object(about: str, properties: Schema, example: Any, *optional: str) -> Schema:
    return {
        "type": "object",
        "description": about,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
        "examples": [example],
    }


_DRAFT: Final = _of_model(
    ProductDraft,
    "A product to be made. Types are strict; unknown fields, a name given twice, `NaN` and lone "
    "surrogates are refused.",
    _WORDS,
    examples.DRAFT,
)
_CHANGES: Final = _of_model(
    ProductChanges,
    "Any subset of the fields. What is not named stays; `{}` changes nothing.",
    _CHANGED,
    examples.CHANGES,
)
_ID: Final = {"type": "string", "format": "uuid", "pattern": UUID_PATTERN}
_TEXT: Final = {"type": "string"}


def _as_returned(fields: Schema) -> Schema:
    """Return the same fields with an id, and with a category that is there or is not."""
    text, _null = fields["category"]["anyOf"]
    category = {**text, "description": _WORDS["category"]}
    return {"id": {**_ID, "description": _WORDS["id"]}, **fields, "category": category}


_PROBLEM_FIELDS: Final = {
    "type": {"type": "string", "const": "about:blank"},
    "title": {"type": "string", "description": "The status in words."},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "What went wrong this time, for a human."},
}
_CONNECTED: Final = {"type": "string", "enum": ["connected", "disconnected"]}
_PRODUCTS: Final = {"type": "array", "maxItems": 100, "items": ref("Product")}

ALL: Final[dict[str, Schema]] = {
    "ProductDraft": _DRAFT,
    "ProductChanges": _CHANGES,
    "Product": _object(
        "A product. Its version and times travel as `ETag` and `Last-Modified`.",
        _as_returned(_DRAFT["properties"]),
        examples.PRODUCT,
        "category",
    ),
    "Page": _object(
        "A stretch of the catalog. Following `next_cursor` visits every product that was there "
        "throughout, once. A page may be short, or empty, and yet have a next one.",
        {
            "items": _PRODUCTS,
            "next_cursor": {
                "type": ["string", "null"],
                "description": "For the next page, with the same parameters. Null on the last one.",
            },
        },
        examples.PAGE,
    ),
    "Selection": _object(
        "Products asked for by `ids`, in that order, each one once.",
        {"items": _PRODUCTS, "missing": {"type": "array", "maxItems": 100, "items": _TEXT}},
        examples.SELECTION,
    ),
    "Root": _object(
        "The service, and where to go on.",
        {
            "name": _TEXT,
            "version": _TEXT,
            "links": {
                "type": "object",
                "required": list(root.PATHS),
                "additionalProperties": {"type": "string", "format": "uri-reference"},
            },
        },
        examples.ROOT,
    ),
    "Health": _object(
        "Without Redis the API is healthy, without DynamoDB it is not.",
        {
            "status": {"type": "string", "enum": ["healthy", "unhealthy"]},
            "api": {"type": "string", "const": "operational"},
            "redis": _CONNECTED,
            "cache_fallback": {"type": "string", "const": "enabled"},
            "dynamodb": _CONNECTED,
        },
        examples.HEALTH,
    ),
    "Problem": _object("An error (RFC 9457).", _PROBLEM_FIELDS, examples.problem(404)),
    "InvalidProblem": _object(
        "An error that lists the rules that are broken.",
        {
            **_PROBLEM_FIELDS,
            "errors": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_ERRORS,
                "items": ref("BrokenRule"),
            },
            "error_count": {
                "type": "integer",
                "minimum": 1,
                "description": "How many rules are broken, those that are not listed included.",
            },
        },
        examples.problem(422),
    ),
    "BrokenRule": _object(
        "One broken rule.",
        {
            "loc": {
                "type": "array",
                "description": "The field, parameter or header; empty for the body as a whole.",
                "items": {"type": ["string", "integer"]},
            },
            "msg": {"type": "string", "description": "The rule, for a human."},
            "type": {"type": "string", "description": "The rule, for a program."},
        },
        examples.BROKEN_RULE,
    ),
}
