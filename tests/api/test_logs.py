"""What the log tells of a request, one line a fact."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles import dynamodb as faults
from tests.doubles.api import Api
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.log import Lines, Log, caught
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_body


@pytest.fixture
def log(api: Api) -> Iterator[Log]:
    """Send the log here, as JSON, for one test."""
    assert api
    with caught(STAGE="prod") as log:
        yield log


def _messages(lines: Lines) -> list[str]:
    return [line["message"] for line in lines]


def test_a_request_is_a_line_that_says_what_the_cache_did(api: Api, log: Log) -> None:
    """Miss, hit, a write that asks the cache nothing, negative hit."""
    path, _ = api.create()
    log.lines()

    for call in (api.get, api.get, api.delete, api.get, api.get):
        call(path)

    lines = log.lines()
    assert ["answered"] * 5 == _messages(lines)
    told = [line.get("cache") for line in lines]
    assert ["miss", "hit", None, "miss", "negative hit"] == told


def test_who_looks_for_a_fault_sees_the_steps(api: Api) -> None:
    """LOG_LEVEL=DEBUG tells what was put into the cache and what was taken out."""
    with caught(LOG_LEVEL="DEBUG") as log:
        path, _ = api.create()
        api.get(path)
        api.get(f"/products?ids={SOME_ID}")
        api.delete(path)

    steps = [line["message"] for line in log.lines() if line["level"] == "DEBUG"]
    assert ["cache fill", "cache fill", "cache invalidation"] == steps


def test_a_line_tells_where_the_time_went(api: Api, log: Log) -> None:
    """In milliseconds: all of it, and the parts that there were."""
    path, _ = api.create()
    log.lines()

    api.get(path)
    api.get(path)

    miss, hit = log.lines()
    assert miss["ms"] > miss["cache_ms"] + miss["db_ms"] > 0
    assert hit["ms"] > hit["cache_ms"] > 0
    assert "db_ms" not in hit


def test_many_products_are_counted_by_what_the_cache_knew(api: Api, log: Log) -> None:
    """A selection of a product that is cached, one that is known not to be, and one more."""
    path, created = api.create()
    api.get(path)
    api.get(f"/products/{SOME_ID}")
    log.lines()

    api.get(f"/products?ids={created.json['id']},{SOME_ID},{OTHER_ID}")

    (line,) = log.lines()
    assert (2, 1, 0) == (line["hits"], line["misses"], line["bypasses"])


def test_a_bypass_is_told_with_its_reason(api: Api, log: Log, fake_server: Any) -> None:
    """Redis down: each read says so."""
    fake_server.connected = False

    api.get(f"/products/{SOME_ID}")
    api.get(f"/products?ids={SOME_ID},{OTHER_ID}")

    one, many = log.lines()
    assert ("bypass", "Redis did not answer: ConnectionError") == (one["cache"], one["reason"])
    assert (2, "Redis did not answer: ConnectionError") == (many["bypasses"], many["reason"])


def test_a_cache_that_is_switched_off_is_a_bypass(api: Api, wire: Wire, log: Log) -> None:
    """With another reason, and by no metric: nothing is wrong."""
    wire(CACHE_ENABLED="false")

    api.get(f"/products/{SOME_ID}")

    (line,) = log.lines()
    assert ("bypass", "switched off") == (line["cache"], line["reason"])
    assert "CacheBypasses" not in line


def test_each_line_has_the_ids(api: Api, log: Log) -> None:
    """Request and product can be followed through the log."""
    path, _ = api.create()
    log.lines()

    for method, body in (("GET", None), ("PATCH", {"name": "Ball"}), ("DELETE", None)):
        api.send(method, path, body, X_Request_Id=f"my-{method}")
        for line in log.lines():
            assert f"my-{method}" == line["client_request_id"]
            assert path == f"/products/{line['product_id']}"


def test_a_client_cannot_take_the_gateway_s_id_out_of_the_log(api: Api, log: Log) -> None:
    """The access log has the caller under that id, whatever id the caller sends."""
    first = api.post("/products", a_body())
    theirs = first.headers["x-request-id"]
    path = first.headers["location"]

    api.delete(path, X_Request_Id=theirs)

    made, deleted = log.lines()
    assert theirs == made["request_id"] == deleted["client_request_id"]
    assert theirs != deleted["request_id"]
    assert "client_request_id" not in made


def test_an_unfit_id_of_the_client_s_is_not_logged(api: Api, log: Log) -> None:
    """Nothing that could break a line."""
    api.get("/health", X_Request_Id='a"b')

    (line,) = log.lines()
    assert "client_request_id" not in line
    assert line["request_id"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("Root=1-67891233-abcdef012345678912345678", "1-67891233-abcdef012345678912345678"),
        ("Self=1;Root=1-67891233-abcdef012345678912345678;Sampled=1",
         "1-67891233-abcdef012345678912345678"),
        ("Root=1-67891233-abcdef01234567891234567 drop table", None),
        ("", None),
    ],
)  # fmt: skip
def test_each_line_leads_to_its_trace(api: Api, log: Log, given: str, told: str | None) -> None:
    """The gateway names it in a header; what else somebody writes there is not told."""
    api.get("/health", X_Amzn_Trace_Id=given)

    (line,) = log.lines()
    assert told == line.get("xray_trace_id")


def test_a_creation_tells_the_id_it_made(api: Api, log: Log) -> None:
    """The product id is in the line although the request did not bear it."""
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
def test_a_client_s_mistake_is_no_alarm(
    api: Api, log: Log, method: str, path: str, body: Any
) -> None:
    """No traceback, no warning: one line that says how it was answered."""
    api.send(method, path, body)

    lines = log.lines()
    assert {"INFO"} == {line["level"] for line in lines}
    assert "exception" not in {name for line in lines for name in line}
    assert "answered" == lines[-1]["message"]


def test_what_nobody_foresaw_is_told_with_its_traceback(api: Api, wire: Wire, log: Log) -> None:
    """Under the request's id, so that the client's report leads there."""
    wire(dynamodb=FailingDynamoDB(ZeroDivisionError("inside")))

    api.get(f"/products/{SOME_ID}", X_Request_Id="mine")

    (error,) = [line for line in log.lines() if line["level"] == "ERROR"]
    assert "mine" == error["client_request_id"]
    assert error["exception"].endswith("ZeroDivisionError")
    assert "in get_product" in error["exception"]


def test_an_outage_is_one_warning_without_a_traceback(api: Api, wire: Wire, log: Log) -> None:
    """DynamoDB out of reach is no fault of the code's."""
    wire(dynamodb=FailingDynamoDB(faults.THROTTLED))

    api.delete(f"/products/{SOME_ID}")

    warnings = [line for line in log.lines() if line["level"] != "INFO"]
    assert ["unavailable"] == _messages(warnings)
    assert "exception" not in warnings[0]


def test_nothing_of_a_product_is_in_the_log(api: Api, log: Log) -> None:
    """Names and prices are the shop's affair."""
    path, _ = api.create(**a_body(name="Confidential", price=1234.5678))
    api.get(path)
    api.patch(path, {"description": "Confidential"})

    told = json.dumps(log.lines())
    assert "Confidential" not in told
    assert "1234.5678" not in told
