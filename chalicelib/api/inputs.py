"""
A request's body, path parameter and idempotency key, read strictly.

Query parameters: each resource's `queries.py`; conditional requests: `preconditions.py`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from chalice.app import Request

from chalicelib.api import strict_json
from chalicelib.api.problems import Problem
from chalicelib.errors import FieldError, InvalidQuery, NotFound
from chalicelib.resources import Resource
from chalicelib.resources.representation import is_id

MAX_BODY_BYTES: Final = 256 * 1024
MAX_IDEMPOTENCY_KEY: Final = 255

_JSON_TYPE: Final = re.compile(r"application/(?:[^;,\s/]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


def json_body(request: Request) -> object:
    """
    Return the body, decoded; fractions as `Decimal`, so that no digit is lost.

    Raise `Problem` for another content type, too long a body, and what is no JSON: `NaN` and a
    name given twice included.
    """
    if not _JSON_TYPE.fullmatch(request.headers.get("content-type", "").strip()):
        raise Problem(415, "The content type must be application/json")
    body = request.raw_body
    if len(body) > MAX_BODY_BYTES:
        raise Problem(413, f"The body is over {MAX_BODY_BYTES // 1024} KiB")
    try:
        return strict_json.decode(body)
    except ValueError:
        raise Problem(400, "The body is not valid JSON") from None


def path_parameter(raw: str) -> str:
    """Return a parameter of the path, decoded: Chalice does not decode it."""
    return unquote(raw)


def item_id(resource: Resource, raw: str) -> str:
    """Return the id in the path. Raise `NotFound` for text that cannot be an id."""
    decoded = path_parameter(raw)
    if not is_id(decoded):
        raise NotFound(resource.noun, decoded)
    return decoded


def idempotency_key(request: Request) -> str | None:
    """Return the key that makes a repeat safe, if there is one. Raise `InvalidQuery`."""
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(rf"[!-~]{{1,{MAX_IDEMPOTENCY_KEY}}}", key):
        rule = f"Must be 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters"
        raise InvalidQuery([FieldError(("Idempotency-Key",), rule, "idempotency_key")])
    return key
