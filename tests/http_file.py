"""Reads `.http` files, as far as the REST clients of VS Code and IntelliJ agree on the form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_VARIABLE = re.compile(r"^@(\w+) = (.+)$", re.MULTILINE)
_USE = re.compile(r"{{(\w+)}}")


class Request(NamedTuple):
    """A request, and the status that its title promises."""

    title: str
    status: int
    method: str
    url: str
    headers: dict[str, str]
    body: str


def parse(text: str, **variables: str) -> Iterator[Request]:
    """Yield the requests; `variables` go before those of the file."""
    values = dict(_VARIABLE.findall(text)) | variables
    _head, *blocks = re.split(r"^### ", text, flags=re.MULTILINE)
    for block in blocks:
        yield _request(_filled(block, values))


def _request(block: str) -> Request:
    head, _, body = block.partition("\n\n")
    title, first, *headers = head.splitlines()
    method, url = first.split(" ", 1)
    named = dict(header.split(": ", 1) for header in headers)
    status = re.search(r"→ (\d{3})", title)
    assert status, f"{title!r} does not say which status is to come"
    return Request(title, int(status[1]), method, url, named, body.strip())


def _filled(block: str, values: Mapping[str, str]) -> str:
    """Put values in; one that is missing is a `KeyError`."""
    return _USE.sub(lambda use: values[use[1]], block)
