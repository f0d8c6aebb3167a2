"""`docs/catalog.http` stays true: each request is sent, and answered as its title says."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from chalicelib.resources import PRODUCTS, RESOURCES
from chalicelib.resources.idempotency import id_from
from dev.openapi.document import FILE
from dev.stack import scratch
from tests.http_file import Request, parse

COLLECTION = Path(__file__).parents[2] / "docs" / "catalog.http"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Request, httpx.Response]]:
    """Send them all, from top to bottom, to a stack of its own."""
    with scratch.stack(tmp_path_factory.mktemp("stack")) as api, httpx.Client() as client:
        requests = list(parse(COLLECTION.read_text(encoding="utf-8"), baseUrl=api.url))
        return [(each, _send(client, each)) for each in requests]


def test_each_request_is_answered_as_its_title_says(
    sent: list[tuple[Request, httpx.Response]],
) -> None:
    """The status stands in the title."""
    told = [(request.title, request.status) for request, _ in sent]

    assert told == [(request.title, answer.status_code) for request, answer in sent]


def test_the_id_is_the_one_that_the_key_makes(sent: list[tuple[Request, httpx.Response]]) -> None:
    """So no client needs to take it from an answer, which each does in a way of its own."""
    made = sent[0][1].json()

    assert id_from("catalog.http") == made["id"]


def test_every_operation_of_products_and_of_no_resource_is_there(
    sent: list[tuple[Request, httpx.Response]],
) -> None:
    """A new endpoint gets its line. Other resources have the same endpoints as products."""
    others = tuple(f"/{each.name}" for each in RESOURCES if each != PRODUCTS)
    document = json.loads(FILE.read_text(encoding="utf-8"))

    tried = {(request.method, _path(document, request.url)) for request, _ in sent}

    assert tried == {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if not path.startswith(others)
    }


def _send(client: httpx.Client, request: Request) -> httpx.Response:
    return client.request(
        request.method, request.url, headers=request.headers, content=request.body or None
    )


def _path(document: Any, url: str) -> str:
    """Return the path of the document that `url` is one of."""
    for path in document["paths"]:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), urlsplit(url).path):
            return str(path)
    raise LookupError(url)
