"""The log lines of a request."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import CapturedLog, Lines, capture_log
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_body


@pytest.fixture
def log(api: ApiClient) -> Iterator[CapturedLog]:
    """Capture the log as JSON."""
    assert api
    with capture_log(STAGE="prod") as log:
        yield log


def _messages(lines: Lines) -> list[str]:
    return [line["message"] for line in lines]


def test_a_request_is_one_line_with_its_cache_outcome(api: ApiClient, log: CapturedLog) -> None:
    """Miss, hit, a write without a cache outcome, negative hit."""
    path, _ = api.create()
    log.lines()

    for call in (api.get, api.get, api.delete, api.get, api.get):
        call(path)

    lines = log.lines()
    assert ["answered"] * 5 == _messages(lines)
    outcomes = [line.get("cache") for line in lines]
    assert ["miss", "hit", None, "miss", "negative hit"] == outcomes


def test_debug_logs_each_cache_step(api: ApiClient) -> None:
    """LOG_LEVEL=DEBUG logs fills and invalidations."""
    with capture_log(LOG_LEVEL="DEBUG") as log:
        path, _ = api.create()
        api.get(path)
        api.get(f"/products?ids={SOME_ID}")
        api.delete(path)

    steps = [line["message"] for line in log.lines() if line["level"] == "DEBUG"]
    assert ["cache fill", "cache fill", "cache invalidation"] == steps


def test_a_line_has_the_time_of_each_part(api: ApiClient, log: CapturedLog) -> None:
    """In milliseconds: the total, and the parts."""
    path, _ = api.create()
    log.lines()

    api.get(path)
    api.get(path)

    miss, hit = log.lines()
    assert miss["ms"] > miss["cache_ms"] + miss["db_ms"] > 0
    assert hit["ms"] > hit["cache_ms"] > 0
    assert "db_ms" not in hit


def test_a_selection_logs_hits_and_misses(api: ApiClient, log: CapturedLog) -> None:
    """One product is cached, one is cached as missing, and one is not cached."""
    path, created = api.create()
    api.get(path)
    api.get(f"/products/{SOME_ID}")
    log.lines()

    api.get(f"/products?ids={created.json['id']},{SOME_ID},{OTHER_ID}")

    (line,) = log.lines()
    assert (2, 1, 0) == (line["hits"], line["misses"], line["bypasses"])


def test_a_bypass_is_logged_with_its_reason(
    api: ApiClient, log: CapturedLog, fake_server: Any
) -> None:
    """Every read without Redis logs the reason."""
    fake_server.connected = False

    api.get(f"/products/{SOME_ID}")
    api.get(f"/products?ids={SOME_ID},{OTHER_ID}")

    one, many = log.lines()
    assert ("bypass", "Redis did not answer: ConnectionError") == (one["cache"], one["reason"])
    assert (2, "Redis did not answer: ConnectionError") == (many["bypasses"], many["reason"])


def test_a_disabled_cache_is_logged_as_a_bypass(
    api: ApiClient, wire: Wire, log: CapturedLog
) -> None:
    """The reason differs, and no metric is emitted, because this is not an error."""
    wire(CACHE_ENABLED="false")

    api.get(f"/products/{SOME_ID}")

    (line,) = log.lines()
    assert ("bypass", "switched off") == (line["cache"], line["reason"])
    assert "CacheBypasses" not in line


def test_each_line_has_request_and_product_id(api: ApiClient, log: CapturedLog) -> None:
    """Requests and products can be followed through the log."""
    path, _ = api.create()
    log.lines()

    for method, body in (("GET", None), ("PATCH", {"name": "Ball"}), ("DELETE", None)):
        api.send(method, path, body, X_Request_Id=f"my-{method}")
        for line in log.lines():
            assert f"my-{method}" == line["client_request_id"]
            assert path == f"/products/{line['product_id']}"


def test_a_client_cannot_replace_the_gateway_request_id(api: ApiClient, log: CapturedLog) -> None:
    """The access log has the caller under the gateway's id."""
    first = api.post("/products", a_body())
    first_id = first.headers["x-request-id"]
    path = first.headers["location"]

    api.delete(path, X_Request_Id=first_id)

    made, deleted = log.lines()
    assert first_id == made["request_id"] == deleted["client_request_id"]
    assert first_id != deleted["request_id"]
    assert "client_request_id" not in made


def test_an_invalid_request_id_is_not_logged(api: ApiClient, log: CapturedLog) -> None:
    """It could break a log line."""
    api.get("/health", X_Request_Id='a"b')

    (line,) = log.lines()
    assert "client_request_id" not in line
    assert line["request_id"]


@pytest.mark.parametrize(
    ("given", "logged"),
    [
        ("Root=1-67891233-abcdef012345678912345678", "1-67891233-abcdef012345678912345678"),
        ("Self=1;Root=1-67891233-abcdef012345678912345678;Sampled=1",
         "1-67891233-abcdef012345678912345678"),
        ("Root=1-67891233-abcdef01234567891234567 drop table", None),
        ("", None),
    ],
)  # fmt: skip
def test_each_line_has_its_trace_id(
    api: ApiClient, log: CapturedLog, given: str, logged: str | None
) -> None:
    """The gateway sends the trace id in a header. Other content of the header is not logged."""
    api.get("/health", X_Amzn_Trace_Id=given)

    (line,) = log.lines()
    assert logged == line.get("xray_trace_id")


def test_a_creation_logs_the_new_product_id(api: ApiClient, log: CapturedLog) -> None:
    """The request does not contain the id."""
    _, created = api.create()

    assert [created.json["id"]] == [line.get("product_id") for line in log.lines()]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/products", "{"),
        ("POST", "/products", {}),
        ("POST", "/products", None),
        ("GET", f"/products/{SOME_ID}", None),
        ("PATCH", f"/products/{SOME_ID}", {"name": "x"}),
        ("GET", "/products?limit=0", None),
        ("GET", "/products?cursor=x", None),
    ],
)
def test_a_client_error_is_an_info_line(
    api: ApiClient, log: CapturedLog, method: str, path: str, body: Any
) -> None:
    api.send(method, path, body)

    lines = log.lines()
    assert {"INFO"} == {line["level"] for line in lines}
    assert "exception" not in {name for line in lines for name in line}
    assert "answered" == lines[-1]["message"]


def test_an_unexpected_error_is_logged_with_its_traceback(
    api: ApiClient, wire: Wire, log: CapturedLog
) -> None:
    """The line has the request id that the client received."""
    wire(dynamodb=FailingDynamoDB(ZeroDivisionError("inside")))

    api.get(f"/products/{SOME_ID}", X_Request_Id="mine")

    (error,) = [line for line in log.lines() if line["level"] == "ERROR"]
    assert "mine" == error["client_request_id"]
    assert error["exception"].endswith("ZeroDivisionError")
    assert "in get_product" in error["exception"]


def test_an_outage_is_one_warning_without_a_traceback(
    api: ApiClient, wire: Wire, log: CapturedLog
) -> None:
    """An unavailable DynamoDB is not an error of the code."""
    wire(dynamodb=FailingDynamoDB(faults.THROTTLED))

    api.delete(f"/products/{SOME_ID}")

    warnings = [line for line in log.lines() if line["level"] != "INFO"]
    assert ["unavailable"] == _messages(warnings)
    assert "exception" not in warnings[0]


def test_the_log_contains_no_product_data(api: ApiClient, log: CapturedLog) -> None:
    path, _ = api.create(**a_body(name="Confidential", price=1234.5678))
    api.get(path)
    api.patch(path, {"description": "Confidential"})

    text = json.dumps(log.lines())
    assert "Confidential" not in text
    assert "1234.5678" not in text
