"""A web page of another origin cannot use the emulator of `make run`, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.resources import PRODUCTS
from dev.stack.servers import Emulator
from dev.stack.table import create_table
from tests.system.browser import Browser, started

pytestmark = pytest.mark.browser

MAKE_A_TABLE = {
    "TableName": "evil",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(r => r.text()).then(done, error => done(`refused: ${error.name}`));
"""


class _Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def evil_page() -> Iterator[str]:
    """Serve a page on another port: another origin of the same site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Start an emulator with the table of products."""
    with Emulator() as running:
        create_table(running.client("dynamodb"), PRODUCTS, "products")
        yield running


@pytest.fixture
def browser(tmp_path: Path, evil_page: str) -> Iterator[Browser]:
    """Open the page in a browser."""
    with started(tmp_path / "profile") as window:
        window.open(evil_page)
        yield window


def _tables(emulator: Emulator) -> list[str]:
    names: list[str] = emulator.client("dynamodb").list_tables()["TableNames"]
    return names


def test_a_form_of_another_page_is_refused(
    browser: Browser, evil_page: str, emulator: Emulator
) -> None:
    """Forms need no CORS: by POST and by GET, with and without well-known keys."""
    action = {"Action": "CreateStack", "StackName": "evil", "TemplateBody": "{}"}
    for method in ("post", "get"):
        for target in (emulator.url, _signed_with_test_keys(emulator.url, action)):
            browser.open(evil_page)
            browser.run(_SUBMIT, method, target, action)
            assert "AccessDeniedException" in browser.find("body").text

    assert ["products"] == _tables(emulator)


def test_a_script_of_another_page_is_refused(browser: Browser, emulator: Emulator) -> None:
    """With and without a preflight. Refusals name no origin, so scripts cannot read them."""
    plain = {"method": "POST", "body": str(MAKE_A_TABLE)}
    signed = {
        **plain,
        "headers": {
            "X-Amz-Target": "DynamoDB_20120810.CreateTable",
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/dynamodb/x",
        },
    }
    for options in ({}, plain, signed, {**plain, "mode": "no-cors"}):
        for host in ("127.0.0.1", "localhost"):
            result = browser.call(FETCH, f"http://{host}:{emulator.port}/", options)
            assert result in ("refused: TypeError", "")

    assert ["products"] == _tables(emulator)


def _signed_with_test_keys(url: str, query: dict[str, str]) -> str:
    request = AWSRequest("GET", f"{url}/?{urlencode(query)}")
    SigV4QueryAuth(Credentials("test", "test"), "cloudformation", "us-east-1").add_auth(request)
    signed: str = request.prepare().url
    return signed


_SUBMIT = """
const [method, target, fields] = arguments;
const form = document.createElement("form");
form.method = method;
form.action = target;
const query = [...new URL(target).searchParams];
for (const [name, value] of [...Object.entries(fields), ...query]) {
    const input = document.createElement("input");
    input.name = name;
    input.value = value;
    form.append(input);
}
document.body.append(form);
form.submit();
"""
