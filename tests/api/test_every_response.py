"""What every response contains."""

import re

import pytest

from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_body

CALLS = {
    "created": ("POST", "/products", a_body()),
    "unsupported": ("POST", "/products", None),
    "malformed": ("POST", "/products", "{"),
    "invalid": ("POST", "/products", {}),
    "list": ("GET", "/products", None),
    "list head": ("HEAD", "/products", None),
    "bad query": ("GET", "/products?x=1", None),
    "bad cursor": ("GET", "/products?cursor=x", None),
    "missing": ("GET", f"/products/{SOME_ID}", None),
    "missing head": ("HEAD", f"/products/{SOME_ID}", None),
    "no id": ("GET", "/products/x", None),
    "update": ("PATCH", f"/products/{SOME_ID}", {"name": "x"}),
    "delete": ("DELETE", f"/products/{SOME_ID}", None),
    "health": ("GET", "/health", None),
    "wrong method": ("DELETE", "/products", None),
    "wrong method of an item": ("POST", f"/products/{SOME_ID}", {}),
    "wrong method of health": ("PUT", "/health", {}),
}

TIMING = r"cache;dur=[\d.]+, db;dur=[\d.]+, app;dur=[\d.]+"


@pytest.fixture(params=CALLS, ids=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[str, str, object]:
    return CALLS[request.param]


def test_a_valid_request_id_is_kept(api: ApiClient, call: tuple[str, str, object]) -> None:
    """A request can be followed through several services."""
    given = "Trace_1.2-" + "x" * 118

    assert given == api.send(*call, X_Request_Id=given).headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\nb", 'a"b', "ü", "{}", "a\r\nX-Y: z"])
def test_an_invalid_request_id_is_replaced(
    api: ApiClient, call: tuple[str, str, object], given: str
) -> None:
    """Characters that could break a log line or a header are not echoed."""
    assert re.fullmatch(
        r"[0-9a-f-]{36}", api.send(*call, X_Request_Id=given).headers["x-request-id"]
    )


def test_a_500_has_a_request_id_and_server_timing(api: ApiClient, wire: Wire) -> None:
    wire(dynamodb=FailingDynamoDB(ZeroDivisionError("inside")))

    answer = api.get(f"/products/{SOME_ID}", X_Request_Id="mine")

    assert (500, "mine") == (answer.status, answer.headers["x-request-id"])
    assert answer.headers["server-timing"].startswith("cache;dur=")


def test_every_error_is_a_problem(api: ApiClient, call: tuple[str, str, object]) -> None:
    """Every refusal has the problem format, with its status in the body, and is no 5xx."""
    answer = api.send(*call)

    assert answer.status < 500
    if answer.status >= 400 and call[0] != "HEAD":
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.status == answer.json["status"]
        assert {"type", "title", "detail"} <= set(answer.json)


@pytest.mark.parametrize("path", ["/products", "/health", f"/products/{SOME_ID}"])
def test_an_unsupported_method_is_a_405(api: ApiClient, path: str) -> None:
    """Chalice's response in the problem format, with `Allow`."""
    answer: ApiResponse = api.send("TRACE", path)

    assert 405 == answer.status
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "accept",
    ["", "text/html", "application/octet-stream", "image/png, */*", "*/*;q=0"],
)
def test_json_is_returned_for_any_accept_header(api: ApiClient, accept: str) -> None:
    """JSON is the only representation."""
    path, _ = api.create()

    answer = api.get(path, Accept=accept)

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])


def test_every_response_has_its_own_request_id_and_timing(
    api: ApiClient, call: tuple[str, str, object]
) -> None:
    """
    Header values are text, as API Gateway requires.

    A cache that answered without revalidation would hide an acknowledged write.
    """
    first, second = (api.send(*call).headers for _ in range(2))

    assert first["x-request-id"] != second["x-request-id"]
    for headers in (first, second):
        assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])
        assert re.fullmatch(TIMING, headers["server-timing"])
        assert headers["cache-control"] in ("no-cache", "no-store")
        assert all(isinstance(value, str) for value in headers.values())
