"""Parses `.http` files in the form that VS Code's and IntelliJ's REST clients both support."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_VARIABLE = re.compile(r"^@(\w+) = (.+)$", re.MULTILINE)
_USE = re.compile(r"{{(\w+)}}")


class HttpFileRequest(NamedTuple):
    """A request, and the expected status from its title."""

    title: str
    status: int
    method: str
    url: str
    headers: dict[str, str]
    body: str


def parse(text: str, **variables: str) -> Iterator[HttpFileRequest]:
    """Yield the requests. `variables` override those of the file."""
    values = dict(_VARIABLE.findall(text)) | variables
    _head, *blocks = re.split(r"^### ", text, flags=re.MULTILINE)
    for block in blocks:
        yield _request(_with_values(block, values))


def _request(block: str) -> HttpFileRequest:
    head, _, body = block.partition("\n\n")
    title, first, *headers = head.splitlines()
    method, url = first.split(" ", 1)
    named = dict(header.split(": ", 1) for header in headers)
    status = re.search(r"→ (\d{3})", title)
    assert status, f"{title!r} contains no expected status"
    return HttpFileRequest(title, int(status[1]), method, url, named, body.strip())


def _with_values(block: str, values: Mapping[str, str]) -> str:
    """Replace the variables. Raise `KeyError` for a missing value."""
    return _USE.sub(lambda use: values[use[1]], block)
