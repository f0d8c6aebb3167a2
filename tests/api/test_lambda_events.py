"""Events of API Gateway that differ from those of Chalice's test client."""

import base64
import json
from types import ModuleType
from typing import Any

import pytest

from tests.doubles.log import capture_log
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_body


class LambdaContext:
    """The context object that Lambda passes with an event."""

    aws_request_id = "lambda-1"


@pytest.fixture
def invoke(lambda_module: ModuleType, wire: Wire) -> Any:
    """Return a function that sends an event to the Lambda."""
    wire()

    def send(method: str, resource: str, **event: Any) -> dict[str, Any]:
        context = {"resourcePath": resource, "httpMethod": method, "path": "/api" + resource}
        return lambda_module.app(
            {
                "requestContext": context,
                "pathParameters": None,
                "multiValueQueryStringParameters": None,
                "headers": None,
                "body": None,
                "stageVariables": None,
                **event,
            },
            LambdaContext(),
        )

    return send


JSON = {"content-type": "application/json"}


def test_null_headers_and_parameters_are_accepted(invoke: Any) -> None:
    """API Gateway sends null if there are none."""
    answer = invoke("GET", "/products")

    assert 200 == answer["statusCode"]
    assert isinstance(answer["body"], str)


def test_the_lambda_request_id_is_the_default(invoke: Any) -> None:
    """Every response has a request id."""
    assert "lambda-1" == invoke("GET", "/products")["headers"]["X-Request-Id"]


def test_the_log_has_the_request_ids_of_gateway_and_client(
    invoke: Any,
) -> None:
    """The log line connects the client's report with the gateway's access log."""
    context = {"resourcePath": "/products", "httpMethod": "GET", "requestId": "gateway-1"}
    with capture_log() as log:
        answer = invoke(
            "GET", "/products", requestContext=context, headers={"X-Request-Id": "mine"}
        )

    (line,) = log.lines()
    assert ("gateway-1", "mine") == (line["request_id"], line["client_request_id"])
    assert "mine" == answer["headers"]["X-Request-Id"]


@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_body_is_a_400(invoke: Any, body: str | None) -> None:
    """Null and empty bodies are not JSON."""
    assert 400 == invoke("POST", "/products", body=body, headers=JSON)["statusCode"]


@pytest.mark.parametrize("stage", ["", "/dev", "/v1/catalog"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_slash_at_the_end_keeps_the_stage(invoke: Any, stage: str, end: str) -> None:
    """API Gateway treats `/dev/products/` as `/products`. `Location` and `Link` do not change."""
    context = {"resourcePath": "/products", "path": f"{stage}/products{end}", "requestId": "1"}
    made = [
        invoke(
            "POST",
            "/products",
            body=json.dumps(a_body()),
            headers=JSON,
            requestContext={**context, "httpMethod": "POST"},
        )
        for _ in range(2)
    ]
    page = invoke(
        "GET",
        "/products",
        multiValueQueryStringParameters={"limit": ["1"]},
        requestContext={**context, "httpMethod": "GET"},
    )

    product_id = json.loads(made[0]["body"])["id"]
    assert f"{stage}/products/{product_id}" == made[0]["headers"]["Location"]
    assert page["headers"]["Link"].startswith(f"<{stage}/products?limit=1&cursor=")


def test_a_base64_body_is_decoded(invoke: Any) -> None:
    """API Gateway sends base64 for binary content types."""
    body = base64.b64encode(json.dumps(a_body(name="Møuse")).encode()).decode()

    answer = invoke("POST", "/products", body=body, headers=JSON, isBase64Encoded=True)

    assert 201 == answer["statusCode"]
    assert "Møuse" in answer["body"]


@pytest.mark.parametrize(
    "data", [b"\xff", b'{"name": "\xed\xa0\x80"}', '{"name": "ü"}'.encode("latin-1")]
)
def test_invalid_utf_8_is_a_400(invoke: Any, data: bytes) -> None:
    """JSON is UTF-8 (RFC 8259, 8.1)."""
    body = base64.b64encode(data).decode()

    answer = invoke("POST", "/products", body=body, headers=JSON, isBase64Encoded=True)

    assert 400 == answer["statusCode"]


def test_the_body_of_a_read_is_ignored(invoke: Any) -> None:
    """Even if it is invalid."""
    path = {"product_id": SOME_ID}

    answer = invoke("GET", "/products/{product_id}", pathParameters=path, body="{", headers=JSON)

    assert 404 == answer["statusCode"]
