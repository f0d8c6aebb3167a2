"""The local gateway creates API Gateway's events, and answers as it does."""

import base64
import io
import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from dev.server.events import MAX_BODY_BYTES
from dev.server.gateway import Gateway
from dev.server.hosts import AllowedHosts

ROUTES: dict[str, Any] = {
    "/docs": {"GET": None},
    "/products": {"GET": None},
    "/products/{product_id}": {"GET": None},
    "/products/top": {"GET": None},
}


class RecordingLambda:
    """Records its event and returns a given response."""

    def __init__(self, answer: Callable[[], Any] = dict) -> None:
        self.routes = ROUTES
        self.api = SimpleNamespace(cors=None)
        self._answer = answer

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        self.event, self.context = event, context
        plain = {"statusCode": 200, "headers": {}, "multiValueHeaders": {}, "body": ""}
        return plain | self._answer()


class WsgiResponse(NamedTuple):
    """A response of the gateway."""

    status: str
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.fields)

    @property
    def problem(self) -> Any:
        return json.loads(self.body)


def request(
    function: Any,
    method: str = "GET",
    target: str = "/products",
    body: bytes = b"",
) -> WsgiResponse:
    """Send a request as gunicorn does."""
    variables = {
        "REQUEST_METHOD": method,
        "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8080",
        "wsgi.input": io.BytesIO(body),
    }
    started: list[Any] = []
    chunks = Gateway(function, AllowedHosts())(
        variables,
        lambda status, fields: started.extend((status, fields)),  # type: ignore[arg-type, return-value]
    )
    received = b"".join(chunks)
    return WsgiResponse(*started, received)


def event_of(method: str = "GET", target: str = "/products", **parts: Any) -> dict[str, Any]:
    function = RecordingLambda()
    request(function, method, target, **parts)
    return function.event


@pytest.mark.parametrize(
    ("target", "resource", "parameters"),
    [
        ("/products", "/products", None),
        ("/products/?limit=1", "/products", None),
        ("/products/1", "/products/{product_id}", {"product_id": "1"}),
        ("/products/a%2Fb/", "/products/{product_id}", {"product_id": "a%2Fb"}),
        ("/products/top", "/products/top", None),
        ("http://localhost:8080/products?limit=1", "/products", None),
    ],
)
def test_a_path_maps_to_its_resource(
    target: str, resource: str, parameters: dict[str, str] | None
) -> None:
    """A slash at the end makes no difference. Path parameters are not decoded."""
    event = event_of(target=target)

    assert (resource, parameters) == (event["resource"], event["pathParameters"])
    assert resource == event["requestContext"]["resourcePath"]


def test_a_query_keeps_repeated_and_empty_values() -> None:
    """Without a query the parameters are null."""
    event = event_of(target="/products?a=1&a=%C3%BC&b=")

    assert {"a": ["1", "ü"], "b": [""]} == event["multiValueQueryStringParameters"]
    assert event_of()["multiValueQueryStringParameters"] is None


def test_a_body_is_text_or_base64() -> None:
    """Without a body it is null."""
    text = event_of("POST", body="é".encode())
    bytes_ = event_of("POST", body=b"\xff")

    assert ("é", False) == (text["body"], text["isBase64Encoded"])
    assert (b"\xff", True) == (base64.b64decode(bytes_["body"]), bytes_["isBase64Encoded"])
    assert event_of()["body"] is None


def test_each_request_has_a_new_id() -> None:
    """Event and context have the same one."""
    function = RecordingLambda()
    seen = set()
    for _ in range(2):
        request(function)
        assert function.context.aws_request_id == function.event["requestContext"]["requestId"]
        seen.add(function.context.aws_request_id)

    assert 2 == len(seen)


def test_multi_value_headers_and_bytes_are_passed_on() -> None:
    """From `multiValueHeaders` and `isBase64Encoded`."""
    made = {
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
        "body": base64.b64encode(b"\xff").decode(),
        "isBase64Encoded": True,
    }

    answer = request(RecordingLambda(lambda: made))

    assert ["a", "b"] == [value for name, value in answer.fields if name == "Set-Cookie"]
    assert b"\xff" == answer.body


def test_a_failed_lambda_is_a_problem(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the exception, the response has no details."""

    def fail() -> None:
        raise RuntimeError("secret")

    logging.getLogger("catalog").addHandler(caplog.handler)
    try:
        answer = request(RecordingLambda(fail))
    finally:
        logging.getLogger("catalog").removeHandler(caplog.handler)

    assert "500 Internal Server Error" == answer.status
    assert b"secret" not in answer.body
    assert "RuntimeError: secret" in caplog.text


def test_a_chunked_body_over_ten_megabytes_is_refused() -> None:
    """It has no length that could be checked before it is read."""
    answer = request(RecordingLambda(), "POST", body=b"x" * (MAX_BODY_BYTES + 1))

    assert "413 Content Too Large" == answer.status
