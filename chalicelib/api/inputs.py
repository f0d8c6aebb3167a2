"""What a client sends besides the path: body, query parameters, preconditions. Read strictly."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chalice.app import MultiDict, Request

from chalicelib import exact_json
from chalicelib.api.problems import Problem
from chalicelib.errors import FieldError, InvalidQuery

MAX_BODY_BYTES: Final = 256 * 1024
DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
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


class PageQuery(NamedTuple):
    """What part of the listing is asked for."""

    limit: int
    cursor: str | None


def page_query(request: Request) -> PageQuery:
    """Raise `InvalidQuery` for a parameter that is unknown, given twice, or out of range."""
    given = request.query_params or MultiDict({})
    faults = [
        _fault(name, "Unknown parameter", "extra_forbidden")
        for name in given
        if name not in PageQuery._fields
    ]
    values = {name: given.getlist(name) for name in given}
    faults += [
        _fault(name, "Given more than once", "duplicate")
        for name, each in values.items()
        if len(each) > 1
    ]
    limit = values.get("limit", [str(DEFAULT_LIMIT)])[0]
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
        faults.append(_fault("limit", f"Must be a whole number from 1 to {MAX_LIMIT}", "limit"))
    if faults:
        raise InvalidQuery(faults)
    return PageQuery(int(limit), values.get("cursor", [None])[0])


def etag(version: int) -> str:
    """Return the entity tag of a product's version. Strong: the same version, the same bytes."""
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
    versions = [int(tag) for tag in strong if re.fullmatch(r"[0-9]{1,18}", tag)]
    if len(versions) > MAX_ENTITY_TAGS:
        raise Problem(400, f"If-Match names more than {MAX_ENTITY_TAGS} versions")
    return versions


def is_known(request: Request, version: int) -> bool:
    """Tell whether `If-None-Match` names `version`. The comparison is weak (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return str(version) in (tag for _, tag in _ENTITY_TAG.findall(header))


def _fault(name: str, rule: str, kind: str) -> FieldError:
    return FieldError((name,), rule, kind)
