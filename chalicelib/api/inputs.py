"""What a client sends in body and headers, read strictly. Query parameters: `queries.py`."""

from __future__ import annotations

import re
from typing import Final

from chalice.app import Request

from chalicelib import exact_json
from chalicelib.api.problems import Problem
from chalicelib.errors import FieldError, InvalidQuery

MAX_BODY_BYTES: Final = 256 * 1024
MAX_IDEMPOTENCY_KEY: Final = 255
MAX_ENTITY_TAGS: Final = 100
"""As many as a DynamoDB condition compares with."""

_JSON_TYPE: Final = re.compile(r"application/(?:[^;,\s/]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_ENTITY_TAG: Final = re.compile(r'(W/)?"([^"]*)"')


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
        return exact_json.decode(body)
    except ValueError:
        raise Problem(400, "The body is not valid JSON") from None


def idempotency_key(request: Request) -> str | None:
    """Return the key that makes a repeat safe, if there is one. Raise `InvalidQuery`."""
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(rf"[!-~]{{1,{MAX_IDEMPOTENCY_KEY}}}", key):
        rule = f"Must be 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters"
        raise InvalidQuery([FieldError(("Idempotency-Key",), rule, "idempotency_key")])
    return key


def etag(version: int | str) -> str:
    """Return the entity tag of a version. Strong: the same version, the same bytes."""
    return f'"{version}"'


def versions_to_match(request: Request) -> list[int] | None:
    """
    Return the versions that `If-Match` allows; `None` for any (no such header, or `*`).

    The comparison is strong (RFC 9110, 13.1.1): weak tags, and tags not ours, match no version.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    strong = {tag for weak, tag in _ENTITY_TAG.findall(header) if not weak}
    versions = [int(tag) for tag in strong if re.fullmatch(r"[1-9][0-9]{0,17}", tag)]
    if len(versions) > MAX_ENTITY_TAGS:
        raise Problem(400, f"If-Match names more than {MAX_ENTITY_TAGS} versions")
    return versions


def is_known(request: Request, version: int | str) -> bool:
    """Tell whether `If-None-Match` names `version`. The comparison is weak (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return str(version) in (tag for _, tag in _ENTITY_TAG.findall(header))
