"""
Puts the document together: one operation for each route that the app has, no more and no less.

What an operation is stands in `operations.py`; this module only holds the two against each other.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from chalicelib import VERSION
from dev.openapi import access, headers, operations, parameters, schemas

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "chalicelib" / "api" / "openapi.json"

_SETTINGS: Final = {
    "PRODUCTS_TABLE": "products",
    "AWS_REGION": "eu-central-1",
    "REDIS_HOST": "redis.example",
}
"""The least that the app starts with. It asks none of them for its routes."""

_DESCRIPTION: Final = """\
Products, kept in DynamoDB and served from Redis where it knows them.

**Never stale.** After a 2xx to a write, no read that starts later returns an older state. `X-Cache`
tells where an answer comes from.

**Conditional requests** (RFC 9110, 13). `ETag` names a product's version. `If-None-Match` and
`If-Modified-Since` spare what you have already (304); `If-Match`, `If-Unmodified-Since` and
`If-None-Match` make a write conditional (412, and nothing is written). Dates have whole seconds.

**Safe repeats.** A POST with an `Idempotency-Key` may be sent again: it makes one product.

**Who may call** is the stage's to say. Health and documentation are open to all. For products it
may ask for a signature (AWS SigV4), for a user's token, for a key, or for nothing. Unless told
otherwise, it asks for a signature of those who write, and for nothing of those who read.

**Errors** are `application/problem+json` (RFC 9457). Every answer has an `X-Request-Id`, which
leads to its log lines. `HEAD` answers wherever `GET` does; a method that a path does not have gets
405 with `Allow`. Where CORS is on, every answer carries its headers and `OPTIONS` answers
preflights.
"""

_TAGS: Final = [
    {"name": "Products", "description": "The catalog."},
    {"name": "Operation", "description": "Whether the API can do its work."},
    {"name": "Documentation", "description": "What you are reading, from this very host."},
]


class Undocumented(Exception):
    """The app and the document do not name the same operations."""


def routes() -> dict[str, set[str]]:
    """Return the app's own: each path with its methods."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    from app import app

    return {path: set(methods) for path, methods in app.routes.items()}


def build(served: dict[str, set[str]] | None = None) -> dict[str, Any]:
    """Return the document. Raise `Undocumented` where it and the routes differ."""
    paths = operations.paths()
    _compare(routes() if served is None else served, paths)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Product catalog",
            "version": VERSION,
            "summary": "A product-catalog REST API: Chalice, Redis cache-aside, DynamoDB",
            "description": _DESCRIPTION,
        },
        # Relative to the document's own place, so it fits any stage of API Gateway.
        "servers": [{"url": "./", "description": "Where this document comes from"}],
        "tags": _TAGS,
        "paths": paths,
        "components": {
            "schemas": schemas.ALL,
            "parameters": parameters.ALL,
            "headers": headers.ALL,
            "securitySchemes": access.SCHEMES,
        },
    }


def render(document: dict[str, Any]) -> str:
    """Return it as it stands in the file: short lines, so that a change can be read in review."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _compare(served: dict[str, set[str]], paths: dict[str, Any]) -> None:
    ours = {(path, method) for path, methods in served.items() for method in methods}
    told = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    if ours != told:
        raise Undocumented(
            f"Not in dev/openapi/operations.py: {sorted(ours - told)}; "
            f"there, and not in the app: {sorted(told - ours)}"
        )
