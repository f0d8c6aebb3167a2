"""What bodies look like, as CONTRACT has them. The tests hold each against its schema."""

from __future__ import annotations

from typing import Any, Final

import chalicelib
from chalicelib.api import root
from chalicelib.api.problems import TITLES

ID: Final = "550e8400-e29b-41d4-a716-446655440000"
OTHER_ID: Final = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
CURSOR: Final = "WyI1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDAiXbkY0uDkqXvNtB1kzA1vVsM"
VERSION: Final = 1795363200123

DRAFT: Final = {
    "name": "Wireless Mouse",
    "description": "Ergonomic wireless mouse with adjustable DPI",
    "price": 24.99,
    "stock_quantity": 150,
    "category": "accessories",
}
CHANGES: Final = {"price": 19.99, "stock_quantity": 120}
PRODUCT: Final = {"id": ID, **DRAFT}
PAGE: Final = {"items": [PRODUCT], "next_cursor": CURSOR}
SELECTION: Final = {"items": [PRODUCT], "missing": [OTHER_ID]}
ROOT: Final = {"name": root.NAME, "version": chalicelib.VERSION, "links": root.PATHS}
HEALTH: Final = {
    "status": "healthy",
    "api": "operational",
    "redis": "connected",
    "cache_fallback": "enabled",
    "dynamodb": "connected",
}
UNHEALTHY: Final = {**HEALTH, "status": "unhealthy", "dynamodb": "disconnected"}
BROKEN_RULE: Final = {
    "loc": ["price"],
    "msg": "Input should be greater than 0",
    "type": "greater_than",
}

_DETAILS: Final = {
    400: "The body is not valid JSON",
    401: "Unauthorized",
    403: "Forbidden",
    404: f"Product with id '{ID}' not found",
    409: f"Product with id '{ID}' exists already",
    412: f"Product with id '{ID}' does not meet the preconditions",
    413: "The body is over 256 KiB",
    415: "The content type must be application/json",
    422: "Not valid: price",
    500: "An internal error occurred; the request id leads to its log lines",
    503: "DynamoDB does not answer; try again",
}


def problem(status: int, detail: str | None = None) -> dict[str, Any]:
    """Return the body of an error."""
    body = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail or _DETAILS[status],
    }
    return body | ({"errors": [BROKEN_RULE], "error_count": 1} if status == 422 else {})
