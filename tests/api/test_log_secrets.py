"""The log contains no secrets and no client data, whatever fails."""

import re
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import botocore.exceptions
import botocore.parsers
import pytest

from tests.doubles.api import ApiClient
from tests.doubles.log import CapturedLog, capture_log
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_body, stream_arn

SECRET = "s3cr3t"
HEADERS = {
    "Authorization": f"Bearer {SECRET}-token",
    "Cookie": f"session={SECRET}-cookie",
    "X-Api-Key": f"{SECRET}-key",
    "X-Amzn-Trace-Id": f"Self={SECRET};Root=1-67891233-abcdef012345678912345678",
    "X-Forwarded-For": f"{SECRET}.example",
    "X-Request-Id": f"{SECRET} with a space, so it is invalid",
    "User-Agent": f"{SECRET}-agent",
    "Idempotency-Key": f"{SECRET}-idempotency",
    "If-None-Match": f'"{SECRET}"',
}
SETTINGS = {
    "REDIS_USERNAME": f"{SECRET}-user",
    "REDIS_PASSWORD": f"{SECRET}-password",
    "CURSOR_SECRET": f"{SECRET}-cursor-secret",
}
PRODUCT = a_body(name=f"{SECRET} name", description=f"{SECRET} text", category=f"{SECRET}-kind")
ITEM = f"/products/{SOME_ID}"
CALLS: list[tuple[str, str, Any]] = [
    ("POST", "/products", PRODUCT),
    ("POST", "/products", {**PRODUCT, "price": SECRET}),
    ("POST", "/products", {SECRET: SECRET}),
    ("POST", "/products", "{" + SECRET),
    ("GET", "/products", None),
    ("GET", f"/products?category={SECRET}", None),
    ("GET", f"/products?category={SECRET}-kind&sort=price", None),
    ("GET", f"/products?cursor={SECRET}", None),
    ("GET", f"/products?{SECRET}={SECRET}", None),
    ("GET", f"/products?ids={SOME_ID},{OTHER_ID},{SECRET}", None),
    ("GET", ITEM, None),
    ("HEAD", ITEM, None),
    ("PATCH", ITEM, {"description": SECRET}),
    ("PUT", ITEM, {"name": SECRET, "unknown": SECRET}),
    ("DELETE", ITEM, None),
    ("GET", f"/products/{SECRET}", None),
    ("PATCH", f"/products/{SECRET}", {"name": SECRET}),
    ("DELETE", f"/products/{SECRET}", None),
    ("POST", "/health", SECRET),
    ("GET", "/health", None),
    ("GET", "/docs", None),
]


class QuotingDynamoDB:
    """A DynamoDB whose errors quote the request."""

    def __init__(self, error: Callable[[str], Exception]) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(**request: Any) -> Any:
            raise self._error(f"{name} {request} {SECRET}")

        return fail


def _refused(status: int, code: str) -> Callable[[str], Exception]:
    def error(text: str) -> Exception:
        answer = {
            "Error": {"Code": code, "Message": text},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return botocore.exceptions.ClientError(answer, "PutItem")  # type: ignore[arg-type]

    return error


FAILURES: dict[str, Callable[[str], Exception]] = {
    "unexpected": RuntimeError,
    "unparsable": botocore.parsers.ResponseParserError,
    "bad request": lambda text: botocore.exceptions.ParamValidationError(report=text),
    "invalid": _refused(400, "ValidationException"),
    "throttled": _refused(400, "ThrottlingException"),
    "broken": _refused(500, "InternalServerError"),
    "unreachable": lambda text: botocore.exceptions.EndpointConnectionError(endpoint_url=text),
}


@pytest.fixture(params=["json", "text"])
def log(lambda_module: ModuleType, request: pytest.FixtureRequest) -> Iterator[CapturedLog]:
    """Capture the log at every level."""
    assert lambda_module
    with capture_log(LOG_LEVEL="DEBUG", LOG_FORMAT=request.param, STAGE="prod", **SETTINGS) as log:
        yield log


def _lines_of_all_calls(api: ApiClient, log: CapturedLog) -> str:
    headers = {name.replace("-", "_"): value for name, value in HEADERS.items()}
    for method, path, body in CALLS:
        api.send(method, path, body, **headers)
    return log.text()


@pytest.mark.parametrize("policy", ["available", "strict"])
@pytest.mark.parametrize("redis_is_up", ["up", "down"])
def test_no_line_contains_a_secret(
    api: ApiClient, wire: Wire, log: CapturedLog, fake_server: Any, redis_is_up: str, policy: str
) -> None:
    """For every endpoint, with and without Redis."""
    wire(CACHE_WRITE_POLICY=policy, **SETTINGS)
    fake_server.connected = redis_is_up == "up"

    text = _lines_of_all_calls(api, log)

    assert len(text.splitlines()) >= len(CALLS)
    assert SECRET not in text


@pytest.mark.parametrize("failure", FAILURES)
def test_dynamodb_errors_log_no_secret(
    api: ApiClient, wire: Wire, log: CapturedLog, failure: str
) -> None:
    """DynamoDB's errors may quote the item. The log has only their type and traceback."""
    wire(dynamodb=QuotingDynamoDB(FAILURES[failure]), DYNAMODB_RETRY_SECONDS="0", **SETTINGS)

    text = _lines_of_all_calls(api, log)

    assert re.search(r"status\W+50[03]\b", text)
    assert SECRET not in text


def test_stream_records_log_no_secret(api: ApiClient, wire: Wire, log: CapturedLog) -> None:
    """A record contains the whole product, and a malformed one any data."""
    from app import invalidate

    assert api
    container = wire(**SETTINGS)
    image = {name: {"S": str(value)} for name, value in PRODUCT.items()}
    keys = {"id": {"S": SOME_ID}}
    moment = {"ApproximateCreationDateTime": time.time(), "SequenceNumber": "1"}
    records = [
        {"eventID": "1", "dynamodb": {"Keys": keys, "NewImage": image, **moment}},
        {"eventID": "2", "dynamodb": {"Keys": image, "OldImage": image, **moment}},
    ]
    source = {"eventSourceARN": stream_arn(container.settings.tables["products"])}

    invalidate({"Records": [record | source for record in records]}, None)

    text = log.text()
    assert SOME_ID in text
    assert SECRET not in text
