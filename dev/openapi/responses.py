"""The answers: each status with its headers, its body and an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dev.openapi import examples, headers
from dev.openapi.schemas import ref

Response = dict[str, Any]

_PRODUCT_HEADERS: Final = ("ETag", "Last-Modified")
_MEANINGS: Final = {
    400: "The request cannot be understood.",
    404: "No such product.",
    409: "The product of this `Idempotency-Key` was replaced by an import.",
    412: "A precondition is false. Nothing was written.",
    413: "The body is over 256 KiB.",
    415: "The body is not announced as JSON.",
    422: "A rule is broken: see `errors`.",
    500: "Unforeseen. Tells no internals; the request id leads to the log.",
    503: "DynamoDB is out of reach or throttles (or Redis, for a write under the strict policy).",
}


def _body(schema: str, example: Any, media_type: str = "application/json") -> Response:
    return {"content": {media_type: {"schema": ref(schema), "example": example}}}


def _links() -> dict[str, Any]:
    """Return what can be done with a product just made or changed."""
    operations = ("getProduct", "headProduct", "putProduct", "updateProduct", "deleteProduct")
    parameters = {"product_id": "$response.body#/id"}
    return {name: {"operationId": name, "parameters": parameters} for name in operations}


def _next_links() -> dict[str, Any]:
    cursor = {"cursor": "$response.body#/next_cursor"}
    return {"nextPage": {"operationId": "listProducts", "parameters": cursor}}


CREATED: Final = {
    "description": "The product, as it was made (or, on a repeat, first made).",
    "headers": headers.of(*_PRODUCT_HEADERS, "Location"),
    **_body("Product", examples.PRODUCT),
    "links": _links(),
}
UPDATED: Final = {
    "description": "The product, as it is now.",
    "headers": headers.of(*_PRODUCT_HEADERS),
    **_body("Product", examples.PRODUCT),
    "links": _links(),
}
FOUND: Final = {
    "description": "The product.",
    "headers": headers.of(*_PRODUCT_HEADERS, "X-Cache"),
    **_body("Product", examples.PRODUCT),
}
NOT_MODIFIED: Final = {
    "description": "You have it, by `If-None-Match` or `If-Modified-Since`.",
    "headers": headers.of(*_PRODUCT_HEADERS, "X-Cache"),
}
DELETED: Final = {"description": "It is gone.", "headers": headers.of()}
LISTED: Final = {
    "description": "A page, or with `ids` a selection.",
    "headers": headers.of("Link"),
    "content": {
        "application/json": {
            "schema": {"oneOf": [ref("Page"), ref("Selection")]},
            "examples": {
                "page": {"summary": "A page", "value": examples.PAGE},
                "selection": {"summary": "With ids", "value": examples.SELECTION},
            },
        }
    },
    "links": _next_links(),
}
HEALTHY: Final = {
    "description": "The API can do its work.",
    "headers": headers.of(),
    **_body("Health", examples.HEALTH),
}
UNHEALTHY: Final = {
    "description": "DynamoDB does not answer.",
    "headers": headers.of(),
    **_body("Health", examples.UNHEALTHY),
}


def problems(*statuses: int, cached: int = 0) -> Mapping[str, Response]:
    """Return the answers to what goes wrong; that of status `cached` may come from the cache."""
    return {str(status): _problem(status, status == cached) for status in (*statuses, 500, 503)}


def _problem(status: int, cached: bool) -> Response:  # noqa: FBT001 — called once, above
    names = [*(["X-Cache"] if cached else []), *(["Retry-After"] if status == 503 else [])]
    schema = "InvalidProblem" if status == 422 else "Problem"
    return {
        "description": _MEANINGS[status],
        "headers": headers.of(*names),
        **_body(schema, examples.problem(status), "application/problem+json"),
    }


def file(about: str, *media_types: str) -> Mapping[str, Response]:
    """Return the answers of a file that the API serves to browsers."""
    policy = {"Content_Security_Policy": "PagePolicy"} if "text/html" in media_types else {}
    own = headers.of(ETag="FileTag", Cache_Control="FileCaching", **policy)
    schema = {"type": "object" if media_types == ("application/json",) else "string"}
    return {
        "200": {
            "description": about,
            "headers": own,
            "content": {media_type: {"schema": schema} for media_type in media_types},
        },
        "304": {"description": "You have it.", "headers": own},
        "500": _problem(500, cached=False),
    }


NO_SUCH_FILE: Final = {
    "description": "No such file.",
    "headers": headers.of(),
    **_body("Problem", examples.problem(404, "No such file"), "application/problem+json"),
}
ROOT: Final[Mapping[str, Response]] = {
    "200": {
        "description": "Name, version and links, which are relative to this URL.",
        "headers": headers.of("Vary", Content_Security_Policy="RootPolicy"),
        "content": {
            "application/json": {"schema": ref("Root"), "example": examples.ROOT},
            "text/html": {"schema": {"type": "string"}},
        },
    },
    "500": _problem(500, cached=False),
}
