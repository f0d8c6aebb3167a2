"""`make services`, then `chalice local --stage local`, with nothing exported: the contract."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.running_stack import StackClient, StackFiles, eventually
from tests.system.chalice_local.project import EMPTY, ROOT, served, services
from tests.system.test_surroundings import NOWHERE

pytestmark = [pytest.mark.chalice, pytest.mark.timeout(400)]
LEAST = 700
"""Tests that have to pass: none were chosen, and nothing failed, would look the same."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFiles]:
    """Start the services, in a copy of the project."""
    with services(tmp_path_factory.mktemp("project")) as running:
        yield running


@pytest.fixture(scope="module")
def local(place: StackFiles) -> Iterator[StackClient]:
    """Start Chalice's server as `env -i PATH=… HOME=…` does."""
    with served(place.place, EMPTY) as client:
        yield client


def test_the_contract_holds_over_http(place: StackFiles, local: StackClient) -> None:
    """All that can be seen from outside passes, but for what Chalice's server is unable to do."""
    url = f"http://127.0.0.1:{local.port}"
    words = [
        "-q",
        "-p",
        "tests.system.chalice_local.unable",
        "-p",
        "no:cacheprovider",
        "--tb=short",
    ]

    with _stream_paused(place):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, "tests/api"],
            cwd=ROOT,
            env={**os.environ, "CATALOG_URL": url, "CATALOG_PLACE": str(place.place)},
            capture_output=True,
            text=True,
            check=False,
        )

    passed = re.search(r"(\d+) passed", done.stdout)
    assert 0 == done.returncode, done.stdout
    assert passed
    assert LEAST <= int(passed[1])


@contextmanager
def _stream_paused(place: StackFiles) -> Iterator[None]:
    """Keep the feed from deleting a key just after its write: many a test reads twice at once."""
    pid = place.facts["stream"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_edit_past_the_api_is_seen(place: StackFiles, local: StackClient) -> None:
    """Chalice runs no event handlers; the services feed the stream to one."""
    product = local.create().json
    eventually(lambda: local.x_cache(product["id"]) == "HIT")

    place.dynamodb.update_item(
        TableName="products",
        Key={"id": {"S": product["id"]}},
        UpdateExpression="SET stock_quantity = :new",
        ExpressionAttributeValues={":new": {"N": "77"}},
    )

    path = f"/products/{product['id']}"
    eventually(lambda: local.ask("GET", path).json["stock_quantity"] == 77)


def test_what_a_socket_shows_it_is_unable_to_do(local: StackClient) -> None:
    """Unknown paths get AWS's own 403, even after HEAD with a body; a chunked body is not read."""
    head = local.send(b"HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    body = b"2\r\n{}\r\n0\r\n\r\n"
    lines = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunked = local.send(lines + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)

    assert head.startswith(b"HTTP/1.1 403")
    assert b"Missing Authentication Token" in head.partition(b"\r\n\r\n")[2]
    assert chunked.startswith(b"HTTP/1.1 400")  # `{}` would be a 422


def test_it_takes_nothing_from_the_shells_aws(place: StackFiles) -> None:
    """Profiles and files that are not there, a token's file, another region, and a proxy."""
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    keys = {"AWS_ACCESS_KEY_ID": "of-nobody", "AWS_SECRET_ACCESS_KEY": "of-nobody"}

    with served(place.place, {**EMPTY, **NOWHERE, **keys, **proxies}) as client:
        assert "connected" == client.ask("GET", "/health").json["dynamodb"]
        assert 201 == client.create().status
