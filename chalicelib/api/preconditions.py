"""
Conditional requests (RFC 9110, 13): the headers, and what a read answers to them.

In the order of 13.2.2: `If-Match`, else `If-Unmodified-Since`; then `If-None-Match`, else, on a
read, `If-Modified-Since`. A date that is none is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from chalice.app import Request

from chalicelib.api import http_date
from chalicelib.api.problems import Problem
from chalicelib.resources.precondition import Precondition
from chalicelib.resources.representation import VERSION_PATTERN, Representation

MAX_ENTITY_TAGS: Final = 100
"""As many as a DynamoDB condition compares with."""

_OF_A_READ: Final = frozenset(
    ("if-match", "if-unmodified-since", "if-none-match", "if-modified-since")
)
_ENTITY_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
_VERSION: Final = re.compile(VERSION_PATTERN)


def etag(version: int | str) -> str:
    """Return the entity tag of a version. Strong: the same version, the same bytes."""
    return f'"{version}"'


def of_write(request: Request) -> Precondition:
    """Return what the headers require of a write. Raise `Problem` for too many entity tags."""
    headers = request.headers
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if none_match is not None and _is_any(none_match):
        return Precondition(versions=())  # an item exists, or the answer is 404
    versions = None if match is None or _is_any(match) else _versions("If-Match", match)
    since = http_date.parse(headers.get("if-unmodified-since", "")) if match is None else None
    if none_match is None:
        return Precondition(versions, unmodified_since=since)
    return Precondition(versions, _versions("If-None-Match", none_match, weak=True), since)


def read_status(request: Request, item: Representation) -> int:
    """Return 200, 304 (the client has it) or 412 (a precondition is false)."""
    headers, version = request.headers, str(item.version)
    if _OF_A_READ.isdisjoint(headers):
        return 200
    match = headers.get("if-match")
    if match is not None:
        if not _names(match, version):
            return 412
    elif _is_modified(item, headers.get("if-unmodified-since")) is True:
        return 412
    none_match = headers.get("if-none-match")
    if none_match is not None:
        return 304 if _names(none_match, version, weak=True) else 200
    return 304 if _is_modified(item, headers.get("if-modified-since")) is False else 200


def is_known(request: Request, tag: str) -> bool:
    """Return whether `If-None-Match` names `tag`."""
    header = request.headers.get("if-none-match")
    return header is not None and _names(header, tag, weak=True)


def _is_any(header: str) -> bool:
    return header.strip() == "*"


def _names(header: str, tag: str, *, weak: bool = False) -> bool:
    return _is_any(header) or tag in _tags(header, weak=weak)


def _tags(header: str, *, weak: bool) -> set[str]:
    """Return the tags that count: all for a weak comparison, else the strong ones (8.8.3.2)."""
    return {tag for mark, tag in _ENTITY_TAG.findall(header) if weak or not mark}


def _versions(name: str, header: str, *, weak: bool = False) -> Collection[int]:
    """Return the versions that a header names. A tag that is not ours names none."""
    versions = [int(tag) for tag in _tags(header, weak=weak) if _VERSION.fullmatch(tag)]
    if len(versions) > MAX_ENTITY_TAGS:
        raise Problem(400, f"{name} names more than {MAX_ENTITY_TAGS} versions")
    return versions


def _is_modified(item: Representation, since: str | None) -> bool | None:
    """Return whether the item was written after the second `since`; `None` for no date."""
    if since is None:
        return None
    moment, written_at = http_date.parse(since), http_date.parse(item.last_modified)
    return None if moment is None or written_at is None else written_at > moment
