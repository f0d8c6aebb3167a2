"""CORS on the local server: the gateway's own responses, with and without the setting."""

import os
from collections.abc import Iterator

import pytest

from dev.stack import environment
from dev.stack.programs import free_port
from dev.stack.servers import Api
from tests.running_stack import StackClient

ORIGIN = "https://shop.example"
UNREACHABLE = {"REDIS_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Redis and DynamoDB are not needed here."""


def _client(**env: str) -> Iterator[StackClient]:
    settings = {**os.environ, **UNREACHABLE, "REDIS_PORT": str(free_port()), **env}
    with Api(environment.of(None, None, settings)) as server:
        yield StackClient(server.port)


@pytest.fixture(scope="module")
def open_api() -> Iterator[StackClient]:
    """Start an API that pages of another origin may call."""
    yield from _client(CORS_ALLOW_ORIGIN=ORIGIN)


@pytest.fixture(scope="module")
def closed_api() -> Iterator[StackClient]:
    """Start an API that only its own pages may call."""
    yield from _client()


def test_a_preflight_is_answered(open_api: StackClient) -> None:
    """The response contains the allowed methods and headers."""
    answer = open_api.request("OPTIONS", "/products")

    assert (200, ORIGIN) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
    assert {"GET", "POST"} <= set(answer.headers["Access-Control-Allow-Methods"].split(","))
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]


def test_responses_of_the_gateway_name_the_origin(open_api: StackClient) -> None:
    """An unknown path, and a foreign host name."""
    unknown = open_api.request("GET", "/nowhere")
    foreign = open_api.request("GET", "/products", headers={"Host": "evil.example"})

    assert [404, 403] == [unknown.status, foreign.status]
    for answer in (unknown, foreign):
        assert ORIGIN == answer.headers["Access-Control-Allow-Origin"]


def test_responses_of_the_gateway_have_server_timing(open_api: StackClient) -> None:
    """All times are zero."""
    answers = [
        open_api.request("OPTIONS", "/products"),
        open_api.request("GET", "/nowhere"),
        open_api.request("GET", "/products", headers={"Host": "evil.example"}),
    ]

    timings = {answer.headers["Server-Timing"] for answer in answers}
    assert {"cache;dur=0.00, db;dur=0.00, app;dur=0.00"} == timings


def test_without_the_setting_there_is_no_preflight(closed_api: StackClient) -> None:
    """OPTIONS is an unsupported method."""
    answer = closed_api.request("OPTIONS", "/products")

    assert (405, None) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
    assert "Access-Control-Allow-Methods" not in answer.headers
