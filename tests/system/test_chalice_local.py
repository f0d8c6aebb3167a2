"""The contract over `make services` and `chalice local --stage local` in a clean environment."""

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
"""The fewest tests that must pass, so that an empty selection fails."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackFiles]:
    """Start the services in a copy of the project."""
    with services(tmp_path_factory.mktemp("project")) as running:
        yield running


@pytest.fixture(scope="module")
def local(place: StackFiles) -> Iterator[StackClient]:
    """Start Chalice's server in the environment of `env -i PATH=… HOME=…`."""
    with served(place.place, EMPTY) as client:
        yield client


def test_the_contract_holds_over_http(place: StackFiles, local: StackClient) -> None:
    """All tests over HTTP pass, except the known failures of Chalice's server."""
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
    """Pause the stream feed: it could delete a key between two reads of a test."""
    pid = place.facts["stream"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_edit_without_the_api_is_read(place: StackFiles, local: StackClient) -> None:
    """Chalice runs no event handlers, so the services feed the stream."""
    product = local.create().json
    eventually(lambda: local.x_cache(product["id"]) == "HIT")

    place.dynamodb.update_item(
        TableName="products",
        Key={"id": {"S": product["id"]}},
        UpdateExpression="SET stock_quantity = :new",
        ExpressionAttributeValues={":new": {"N": "77"}},
    )

    path = f"/products/{product['id']}"
    eventually(lambda: local.request("GET", path).json["stock_quantity"] == 77)


def test_known_failures_on_raw_sockets(local: StackClient) -> None:
    """Unknown paths get AWS's own 403, even after HEAD with a body. A chunked body is not read."""
    head = local.send(b"HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    body = b"2\r\n{}\r\n0\r\n\r\n"
    lines = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunked = local.send(lines + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body)

    assert head.startswith(b"HTTP/1.1 403")
    assert b"Missing Authentication Token" in head.partition(b"\r\n\r\n")[2]
    assert chunked.startswith(b"HTTP/1.1 400")  # `{}` would be a 422


def test_the_aws_configuration_of_the_shell_is_ignored(place: StackFiles) -> None:
    """Missing profiles and files, a token file, another region, and a proxy."""
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    keys = {"AWS_ACCESS_KEY_ID": "unknown", "AWS_SECRET_ACCESS_KEY": "unknown"}

    with served(place.place, {**EMPTY, **NOWHERE, **keys, **proxies}) as client:
        assert "connected" == client.request("GET", "/health").json["dynamodb"]
        assert 201 == client.create().status
