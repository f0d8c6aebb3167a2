"""Each request of `docs/catalog.http` has the response that its title names."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from chalicelib.resources import PRODUCTS, RESOURCES
from dev.openapi.document import FILE
from dev.stack import scratch
from tests.http_file import HttpFileRequest, parse

COLLECTION = Path(__file__).parents[2] / "docs" / "catalog.http"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[HttpFileRequest, httpx.Response]]:
    """Send all requests in order to a temporary stack."""
    with scratch.stack(tmp_path_factory.mktemp("stack")) as api, httpx.Client() as client:
        requests = list(parse(COLLECTION.read_text(encoding="utf-8"), baseUrl=api.url))
        return [(each, _send(client, each)) for each in requests]


def test_each_request_has_the_status_in_its_title(
    sent: list[tuple[HttpFileRequest, httpx.Response]],
) -> None:
    """The title contains the expected status."""
    expected = [(request.title, request.status) for request, _ in sent]

    assert expected == [(request.title, answer.status_code) for request, answer in sent]


def test_every_operation_of_products_and_of_no_resource_is_there(
    sent: list[tuple[HttpFileRequest, httpx.Response]],
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


def _send(client: httpx.Client, request: HttpFileRequest) -> httpx.Response:
    return client.request(
        request.method, request.url, headers=request.headers, content=request.body or None
    )


def _path(document: Any, url: str) -> str:
    """Return the document's path that matches `url`."""
    for path in document["paths"]:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), urlsplit(url).path):
            return str(path)
    raise LookupError(url)
