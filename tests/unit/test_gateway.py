"""The local gateway makes the events that API Gateway would, and answers what it would."""

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import CORSConfig

from dev.gateway import Answer, Gateway
from dev.requests import Refused, Request

ORIGIN = "https://shop.example"
ROUTES: dict[str, Any] = {
    "/docs": {"GET": None},
    "/products": {"GET": None},
    "/products/{product_id}": {"GET": None},
    "/products/top": {"GET": None},
}


class Lambda:
    """Keeps the event that it gets, and answers as it is told."""

    def __init__(self, answer: Callable[[], Any] = dict, cors: object = None) -> None:
        self.routes = ROUTES
        self.api = SimpleNamespace(cors=cors)
        self._answer = answer

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        self.event, self.context = event, context
        plain = {"statusCode": 200, "headers": {}, "multiValueHeaders": {}, "body": ""}
        return plain | self._answer()


def ask(function: Any, method: str = "GET", target: str = "/products", **parts: Any) -> Answer:
    return Gateway(function, only_local=False).answer(Request(method, target, **parts))


def event_of(method: str = "GET", target: str = "/products", **parts: Any) -> dict[str, Any]:
    function = Lambda()
    ask(function, method, target, **parts)
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
def test_a_path_is_told_by_its_resource(
    target: str, resource: str, parameters: dict[str, str] | None
) -> None:
    """A slash at the end makes no odds, and what stands in braces is passed on as it came."""
    event = event_of(target=target)

    assert (resource, parameters) == (event["resource"], event["pathParameters"])
    assert resource == event["requestContext"]["resourcePath"]


def test_a_query_keeps_values_given_twice_and_empty_ones() -> None:
    """No query at all is null."""
    event = event_of(target="/products?a=1&a=%C3%BC&b=")

    assert {"a": ["1", "ü"], "b": [""]} == event["multiValueQueryStringParameters"]
    assert event_of()["multiValueQueryStringParameters"] is None


def test_a_body_is_text_or_in_base_64() -> None:
    """No body is null."""
    text = event_of("POST", body="é".encode())
    bytes_ = event_of("POST", body=b"\xff")

    assert ("é", False) == (text["body"], text["isBase64Encoded"])
    assert (b"\xff", True) == (base64.b64decode(bytes_["body"]), bytes_["isBase64Encoded"])
    assert event_of()["body"] is None


def test_each_request_has_an_id_of_its_own() -> None:
    """Event and context name the same one."""
    function = Lambda()
    seen = set()
    for _ in range(2):
        ask(function)
        assert function.context.aws_request_id == function.event["requestContext"]["requestId"]
        seen.add(function.context.aws_request_id)

    assert 2 == len(seen)


@pytest.mark.parametrize(
    "target", ["/", "/nowhere", "/products/1/2", "/product", "*", "http://[/products"]
)
def test_an_unknown_path_is_not_found(target: str) -> None:
    """The Lambda is not asked."""
    function = Lambda()

    answer = ask(function, target=target)

    assert (404, 404) == (answer.status, json.loads(answer.body)["status"])
    assert answer.headers["X-Request-Id"]
    assert not hasattr(function, "event")


def test_values_of_one_header_and_bytes_are_passed_on() -> None:
    """As a Lambda has them: `multiValueHeaders`, `isBase64Encoded`."""
    made = {
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
        "body": base64.b64encode(b"\xff").decode(),
        "isBase64Encoded": True,
    }

    answer = ask(Lambda(lambda: made))

    assert (["a", "b"], b"\xff") == (answer.headers["Set-Cookie"], answer.body)


def test_a_lambda_that_fails_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    """The client learns no internals, the log does."""

    def fail() -> None:
        raise RuntimeError("secret")

    answer = ask(Lambda(fail))

    assert 500 == answer.status
    assert b"secret" not in answer.body
    assert "RuntimeError: secret" in capsys.readouterr().err


def test_a_preflight_is_the_gateway_s_to_answer() -> None:
    """Only where another origin may call."""
    open_, closed = Lambda(cors=CORSConfig(allow_origin=ORIGIN)), Lambda()

    preflight = ask(open_, "OPTIONS")
    ask(closed, "OPTIONS")

    assert "GET,OPTIONS" == preflight.headers["Access-Control-Allow-Methods"]
    assert ORIGIN == preflight.headers["Access-Control-Allow-Origin"]
    assert not hasattr(open_, "event")
    assert "OPTIONS" == closed.event["httpMethod"]


def test_a_refusal_is_a_problem_that_names_the_origin() -> None:
    """A page of another origin may read why."""
    function: Any = Lambda(cors=CORSConfig(allow_origin=ORIGIN))

    answer = Gateway(function, only_local=False).refuse(Refused(413, "Too long"))

    assert (413, ORIGIN) == (answer.status, answer.headers["Access-Control-Allow-Origin"])
    assert "Too long" == json.loads(answer.body)["detail"]
    assert "application/problem+json" == answer.headers["Content-Type"]


@pytest.mark.parametrize(("only_local", "status"), [(True, 403), (False, 200)])
def test_a_foreign_name_for_this_machine_is_refused_where_only_it_may_call(
    only_local: bool,  # noqa: FBT001 — a column of the table above
    status: int,
) -> None:
    """Else a page of that name could read and write (DNS rebinding); a container has any name."""
    function: Any = Lambda()
    request = Request("GET", "/products", {"host": "evil.example:8080"})

    answer = Gateway(function, only_local=only_local).answer(request)

    assert (status, status == 200) == (answer.status, hasattr(function, "event"))


def test_a_name_of_this_machine_is_answered() -> None:
    """And so is an old client, which names nobody and is no browser."""
    function: Any = Lambda()
    gateway = Gateway(function, only_local=True)

    for headers in ({"host": "localhost:8080"}, {}):
        assert 200 == gateway.answer(Request("GET", "/products", headers)).status
