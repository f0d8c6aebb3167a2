"""CORS on the local server: what the gateway answers by itself, with the setting and without."""

import os
from collections.abc import Iterator

import pytest

from dev.stack import environment
from dev.stack.programs import free_port
from dev.stack.servers import Api
from tests.running_stack import StackClient

ORIGIN = "https://shop.example"
NOBODY = {"REDIS_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
"""Neither Redis nor DynamoDB: no test here needs them."""


def _client(**env: str) -> Iterator[StackClient]:
    settings = {**os.environ, **NOBODY, "REDIS_PORT": str(free_port()), **env}
    with Api(environment.of(None, None, settings)) as server:
        yield StackClient(server.port)


@pytest.fixture(scope="module")
def open_api() -> Iterator[StackClient]:
    """Start an API that another origin's pages may call."""
    yield from _client(CORS_ALLOW_ORIGIN=ORIGIN)


@pytest.fixture(scope="module")
def closed_api() -> Iterator[StackClient]:
    """Start an API that only its own pages may call."""
    yield from _client()


def test_a_preflight_is_answered(open_api: StackClient) -> None:
    """The browser learns which methods and headers it may send."""
    answer = open_api.ask("OPTIONS", "/products")

    assert (200, ORIGIN) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
    assert {"GET", "POST"} <= set(answer.headers["Access-Control-Allow-Methods"].split(","))
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]


def test_what_never_reaches_the_app_names_the_origin(open_api: StackClient) -> None:
    """An unknown path, and a host name that is not allowed."""
    unknown = open_api.ask("GET", "/nowhere")
    foreign = open_api.ask("GET", "/products", headers={"Host": "evil.example"})

    assert [404, 403] == [unknown.status, foreign.status]
    for answer in (unknown, foreign):
        assert ORIGIN == answer.headers["Access-Control-Allow-Origin"]


def test_what_never_reaches_the_app_says_that_it_took_no_time_there(open_api: StackClient) -> None:
    """Server-Timing is in every answer, so that no reader of it has to ask."""
    answers = [
        open_api.ask("OPTIONS", "/products"),
        open_api.ask("GET", "/nowhere"),
        open_api.ask("GET", "/products", headers={"Host": "evil.example"}),
    ]

    told = {answer.headers["Server-Timing"] for answer in answers}
    assert {"cache;dur=0.00, db;dur=0.00, app;dur=0.00"} == told


def test_without_the_setting_there_is_no_preflight(closed_api: StackClient) -> None:
    """OPTIONS is a method like any other that the path does not have."""
    answer = closed_api.ask("OPTIONS", "/products")

    assert (405, None) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
    assert "Access-Control-Allow-Methods" not in answer.headers
