"""Swagger UI and ReDoc in a real browser, against the local stack, under a stage's path."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dev.stack import scratch
from tests.system.browser import Browser, started
from tests.system.prefix import staged

_PICTURES = os.environ.get("PICTURES", "")
"""The directory of screenshots: `PICTURES=docs make e2e` renews those of the documents."""
pytestmark = pytest.mark.browser
_CREATE = "#operations-Products-createProduct"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start a temporary stack."""
    with scratch.stack(tmp_path_factory.mktemp("stack")) as api:
        yield api.port


@pytest.fixture(scope="module", params=["", "/api"], ids=["at the root", "under a stage"])
def url(port: int, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the API's URL in a browser."""
    plain = nullcontext(f"http://127.0.0.1:{port}")
    with staged(port, request.param) if request.param else plain as base:
        yield base


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Start a browser for one test, so that it records only this test's requests."""
    with started(tmp_path / "profile") as window:
        yield window


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return the directory of screenshots."""
    return Path(_PICTURES) if _PICTURES else tmp_path


def test_try_it_out_creates_a_product(browser: Browser, url: str, pictures: Path) -> None:
    """Swagger UI sends the example and shows the 201. The product exists."""
    browser.open(f"{url}/docs")
    browser.click(f"{_CREATE} .opblock-summary-control")
    browser.click(f"{_CREATE} .try-out__btn")
    browser.click(f"{_CREATE} .execute")

    status = browser.find(f"{_CREATE} .live-responses-table .response .response-col_status")
    assert status.text.startswith("201")

    body = json.loads(browser.find(f"{_CREATE} .live-responses-table .language-json").text)
    with urllib.request.urlopen(f"{url}/products/{body['id']}") as answer:  # noqa: S310 — local
        assert body == json.load(answer)

    browser.run("arguments[0].scrollIntoView()", browser.find(f"{_CREATE} .execute"))
    browser.save(pictures / "swagger-ui.png")
    assert [] == browser.complaints()
    assert {urlsplit(url).netloc} == browser.hosts()


def test_redoc_shows_every_operation(browser: Browser, url: str, pictures: Path) -> None:
    """ReDoc shows and searches the document, and loads no other host."""
    browser.open(f"{url}/redoc")
    browser.find("[data-section-id='tag/Products/operation/createProduct'] h2")

    with urllib.request.urlopen(f"{url}/openapi.json") as answer:  # noqa: S310 — local
        document = json.load(answer)
    for item in document["paths"].values():
        for operation in item.values():
            assert browser.run(
                "return document.querySelector(arguments[0]) !== null",
                f"[data-section-id$='/operation/{operation['operationId']}']",
            )

    browser.save(pictures / "redoc.png")

    browser.find("input[placeholder]").send_keys("delete")
    browser.find("[data-role='search:results'] li")
    assert [] == browser.complaints()
    assert {urlsplit(url).netloc} == browser.hosts()


def test_the_root_leads_to_the_documentation(browser: Browser, url: str) -> None:
    """The URL that `make run` prints shows a styled page with working links."""
    browser.open(f"{url}/")
    assert browser.find("h1").text == "Product catalog"
    assert browser.run("return getComputedStyle(document.querySelector('dt')).fontWeight") == "600"

    browser.click("a[href$='docs']")

    browser.find(_CREATE)
    assert [] == browser.complaints()
    assert {urlsplit(url).netloc} == browser.hosts()
