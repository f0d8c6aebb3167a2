"""
What a deployed stage may ask of who calls: in words, as schemes, and as the gateway's refusals.

Which of them a stage asks is its own to say (`WRITE_ACCESS`, `READ_ACCESS`), so the document, which
is the same for all, offers each, and none.
"""

from __future__ import annotations

from typing import Any, Final

from dev.openapi import examples, headers
from dev.openapi.schemas import ref

SCHEMES: Final = {
    "signature": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "A request signed by AWS Signature Version 4, service `execute-api`.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The identity token of a user of the stage's Cognito pool.",
    },
    "key": {
        "type": "apiKey",
        "name": "X-Api-Key",
        "in": "header",
        "description": "A key that the stage's operator gave out.",
    },
}

_MEANINGS: Final = {
    401: "The stage asks for a token, and this is none of its pool's.",
    403: "The stage asks for a signature or a key, and this one does not do; or no such path.",
}


def guarded(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the operation with what its stage may ask, and how that is refused."""
    ways: list[dict[str, list[str]]] = [{}, *({name: []} for name in SCHEMES)]
    refusals = {str(status): _refusal(status) for status in _MEANINGS}
    return {**operation, "security": ways, "responses": {**operation["responses"], **refusals}}


def _refusal(status: int) -> dict[str, Any]:
    content = {"schema": ref("Problem"), "example": examples.problem(status)}
    return {
        "description": _MEANINGS[status],
        "headers": headers.of_the_gateway(*(["WWW-Authenticate"] if status == 401 else [])),
        "content": {"application/problem+json": content},
    }
