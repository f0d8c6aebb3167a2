"""Adds the parts that all operations and responses have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from chalicelib.api.access import OPEN_TO_ALL
from chalicelib.api.routes import EVERY_ANSWER

Part = dict[str, Any]

_HEADERS: Final = (
    "X-Request-Id",
    "Server-Timing",
    *EVERY_ANSWER,
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
)
_REFUSALS: Final = {"401": "Unauthorized", "403": "Forbidden"}
"""Responses of API Gateway itself, without the headers that the API adds."""


def add(document: Part) -> None:
    """Complete the document in place with parameters, responses, headers, security and HEAD."""
    schemes, responses = (document["components"][name] for name in ("securitySchemes", "responses"))
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(operation)
            if path not in OPEN_TO_ALL:
                _guard(operation, schemes)
    for response in _responses(document):
        declared = response.get("headers", {})
        added = {name: _ref("headers", name) for name in _HEADERS if name not in declared}
        response["headers"] = declared | added
    for operations in document["paths"].values():
        if "get" in operations:
            operations["head"] = _head(operations["get"], responses)


def _complete(operation: Part) -> None:
    operation["parameters"] = [*operation["parameters"], _ref("parameters", "RequestId")]
    operation["responses"] = operation["responses"] | {"500": _ref("responses", "InternalError")}


def _guard(operation: Part, schemes: Iterable[str]) -> None:
    """Add the credentials that a stage may require (`{}`: none), and its refusals."""
    operation["security"] = [{}, *({scheme: []} for scheme in schemes)]
    operation["responses"] |= {code: _ref("responses", name) for code, name in _REFUSALS.items()}


def _responses(document: Part) -> Iterator[Part]:
    """Yield the API's own responses: the shared ones, and those of a single operation."""
    for name, response in document["components"]["responses"].items():
        if name not in _REFUSALS.values():
            yield response
    for operations in document["paths"].values():
        for operation in operations.values():
            yield from (each for each in operation["responses"].values() if "$ref" not in each)


def _head(get: Part, shared: Part) -> Part:
    """Return the HEAD operation: GET without bodies."""
    name = get["operationId"].removeprefix("get").removeprefix("list")
    return get | {
        "operationId": f"head{name}",
        "summary": f"{get['summary']}: headers only",
        "responses": {code: _bare(each, shared) for code, each in get["responses"].items()},
    }


def _bare(response: Part, shared: Part) -> Part:
    if "$ref" in response:
        response = shared[response["$ref"].rpartition("/")[2]]
    return {name: part for name, part in response.items() if name not in {"content", "links"}}


def _ref(kind: str, name: str) -> Part:
    return {"$ref": f"#/components/{kind}/{name}"}
