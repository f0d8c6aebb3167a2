"""GET /: the service's name, version and links, as JSON or as a page."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

import pytest
from chalice import Chalice

import chalicelib
from chalicelib.resources import RESOURCES
from tests.doubles.api import ApiClient
from tests.doubles.wiring import Wire

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/plain", "text/*"])
def test_the_root_is_json(api: ApiClient, accept: str) -> None:
    """For every client that does not accept HTML by name."""
    answer = api.get("/", Accept=accept)

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert {"name", "version", "links"} == set(answer.json)
    assert chalicelib.VERSION == answer.json["version"]
    collections = {each.name for each in RESOURCES}
    assert {"documentation", "reference", "openapi", "health"} | collections == set(
        answer.json["links"]
    )


@pytest.mark.parametrize("accept", [HTML, "text/html", "TEXT/HTML;q=0.5, */*"])
def test_the_root_is_a_page_for_a_browser(api: ApiClient, accept: str) -> None:
    """The page has the same links as the JSON."""
    links = api.get("/").json["links"].values()

    answer = api.get("/", Accept=accept)

    assert (200, "text/html; charset=utf-8") == (answer.status, answer.headers["content-type"])
    assert set(links) == set(re.findall(r'<a href="([^"]+)"', answer.body.decode()))
    assert chalicelib.VERSION in answer.body.decode()


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_the_response_varies_by_accept(api: ApiClient, accept: str) -> None:
    """A cache must store both forms. HEAD returns the same headers."""
    got, head = (api.send(method, "/", Accept=accept) for method in ("GET", "HEAD"))

    assert "Accept" == got.headers["vary"]
    assert b"" == head.body
    for name in ("content-type", "content-security-policy", "vary"):
        assert got.headers[name] == head.headers[name]


def test_every_link_works(api: ApiClient) -> None:
    links = api.get("/").json["links"].values()

    assert {200} == {api.get(f"/{link}").status for link in links}


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_without_documentation_nothing_links_to_it(api: ApiClient, wire: Wire, accept: str) -> None:
    """`DOCS=off` leaves the links to products and health, in JSON and on the page."""
    wire(DOCS="off")

    body = api.get("/", Accept=accept).body.decode()

    assert {"products", "health"} == set(
        re.findall(r'"(products|health|docs|redoc|openapi\.json)"', body)
    )


@pytest.mark.parametrize("path", ["/", "/dev", "/dev/", "/v1/catalog", "/v1/catalog/"])
def test_links_work_under_a_stage(lambda_module: ModuleType, wire: Wire, path: str) -> None:
    """With and without a slash at the end."""
    wire()
    url = f"https://host{path}"

    answer = _through_the_gateway(lambda_module.app, path)

    products = re.findall(r'href="([^"]*products)"', answer["body"])
    assert [f"{url.rstrip('/')}/products"] == [urljoin(url, link) for link in products]


def test_a_path_is_escaped_in_links(lambda_module: ModuleType, wire: Wire) -> None:
    """The path's end is percent-encoded."""
    wire()

    assert "<b>" not in _through_the_gateway(lambda_module.app, '/"><b>')["body"]


def test_the_page_loads_only_its_own_style(api: ApiClient) -> None:
    """The policy allows no other host, script or style."""
    policy = api.get("/", Accept="text/html").headers["content-security-policy"]

    assert "default-src 'none'; style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "://" not in policy


def _through_the_gateway(app: Chalice, path: str) -> Any:
    """Send API Gateway's event for a request to the root."""
    event = {
        "requestContext": {
            "resourcePath": "/",
            "httpMethod": "GET",
            "path": path,
            "requestId": "1",
        },
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "headers": {"Accept": "text/html"},
        "body": None,
        "stageVariables": None,
    }
    return app(event, None)
