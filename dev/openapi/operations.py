"""
The operations: what each method of each path takes, and what it answers.

To document a new endpoint, add it to `paths`; a route that is not here fails `make openapi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api import docs
from dev.openapi import access, examples, responses
from dev.openapi.parameters import refs
from dev.openapi.responses import problems
from dev.openapi.schemas import ref

Operation = dict[str, Any]

_PRECONDITIONS: Final = ("IfMatch", "IfUnmodifiedSince", "IfNoneMatch")


def paths() -> dict[str, dict[str, Operation]]:
    """Return every operation, by path and method."""
    return {
        "/": _read(_root()),
        "/products": _guarded({"post": _create(), "get": _list()}),
        "/products/{product_id}": _guarded(
            {
                "get": _get(),
                "put": _update("putProduct", "The same as PATCH"),
                "patch": _update("updateProduct", "Change the fields named"),
                "delete": _delete(),
            }
        ),
        "/health": _read(_health()),
        "/openapi.json": _read(_file("openapi", "This document", "application/json")),
        "/docs": _read(_file("docs", "Swagger UI, to read and to try", "text/html")),
        "/redoc": _read(_file("redoc", "ReDoc, to read", "text/html")),
        "/assets/{name}": _read(_asset()),
    }


def _guarded(operations: dict[str, Operation]) -> dict[str, Operation]:
    """Return operations of which a stage may ask who calls, and HEAD."""
    asking = {method: access.guarded(operation) for method, operation in operations.items()}
    return {**asking, **_read(asking["get"])}


def _read(get: Operation) -> dict[str, Operation]:
    """Return GET, and HEAD: the same without bodies."""
    name = get["operationId"].removeprefix("get").removeprefix("list")
    head = {
        **get,
        "operationId": f"head{name}",
        "summary": f"{get['summary']}: the headers alone",
        "responses": {code: _bare(answer) for code, answer in get["responses"].items()},
    }
    return {"get": get, "head": head}


def _bare(answer: Mapping[str, Any]) -> Operation:
    return {name: part for name, part in answer.items() if name not in {"content", "links"}}


def _sent(schema: str, **bodies: Any) -> Operation:
    named = {name.replace("_", " "): {"value": body} for name, body in bodies.items()}
    content = {"application/json": {"schema": ref(schema), "examples": named}}
    return {"required": True, "description": "At most 256 KiB.", "content": content}


def _create() -> Operation:
    return {
        "operationId": "createProduct",
        "tags": ["Products"],
        "summary": "Make a product",
        "parameters": refs("IdempotencyKey"),
        "requestBody": _sent("ProductDraft", a_mouse=examples.DRAFT),
        "responses": {"201": responses.CREATED, **problems(400, 409, 413, 415, 422)},
    }


def _list() -> Operation:
    return {
        "operationId": "listProducts",
        "tags": ["Products"],
        "summary": "List products",
        "description": "All of them, or those of a category by price, a page at a time; or those "
        "that `ids` names. A parameter that is unknown, or given twice, is refused.",
        "parameters": refs("Limit", "Cursor", "Category", "MinPrice", "MaxPrice", "Sort", "Ids"),
        "responses": {"200": responses.LISTED, **problems(400, 422)},
    }


def _get() -> Operation:
    return {
        "operationId": "getProduct",
        "tags": ["Products"],
        "summary": "Get a product",
        "parameters": refs("ProductId", *_PRECONDITIONS, "IfModifiedSince"),
        "responses": {
            "200": responses.FOUND,
            "304": responses.NOT_MODIFIED,
            **problems(404, 412, cached=404),
        },
    }


def _update(name: str, summary: str) -> Operation:
    return {
        "operationId": name,
        "tags": ["Products"],
        "summary": summary,
        "description": "What is not named stays. Safe against lost updates with `If-Match` "
        "or `If-Unmodified-Since`.",
        "parameters": refs("ProductId", *_PRECONDITIONS),
        "requestBody": _sent(
            "ProductChanges",
            a_new_price=examples.CHANGES,
            no_category={"category": None},
        ),
        "responses": {"200": responses.UPDATED, **problems(400, 404, 412, 413, 415, 422)},
    }


def _delete() -> Operation:
    return {
        "operationId": "deleteProduct",
        "tags": ["Products"],
        "summary": "Delete a product",
        "parameters": refs("ProductId", *_PRECONDITIONS),
        "responses": {"204": responses.DELETED, **problems(400, 404, 412)},
    }


def _health() -> Operation:
    answers = {"200": responses.HEALTHY, **problems()} | {"503": responses.UNHEALTHY}
    return {
        "operationId": "getHealth",
        "tags": ["Operation"],
        "summary": "Whether Redis and DynamoDB answer",
        "parameters": refs(),
        "responses": answers,
    }


def _root() -> Operation:
    return {
        "operationId": "getRoot",
        "tags": ["Documentation"],
        "summary": "What this service is, and where to go on",
        "description": "A page where `Accept` names `text/html`, else JSON.",
        "parameters": refs("Accept"),
        "responses": responses.ROOT,
    }


def _file(name: str, summary: str, *media_types: str) -> Operation:
    return {
        "operationId": f"get{name.capitalize()}",
        "tags": ["Documentation"],
        "summary": summary,
        "parameters": refs("IfNoneMatch"),
        "responses": responses.file(f"{summary}.", *media_types),
    }


def _asset() -> Operation:
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "One of the files that the two pages consist of.",
        "schema": {"type": "string", "enum": sorted(docs.ASSETS)},
    }
    operation = _file("asset", "A script or style of the pages", "text/javascript", "text/css")
    operation["parameters"].insert(0, name)
    operation["responses"] = {**operation["responses"], "404": responses.NO_SUCH_FILE}
    return operation
