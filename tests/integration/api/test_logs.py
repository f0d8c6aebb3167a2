"""What the log tells of a request, one line a fact."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from chalicelib import telemetry
from tests import examples
from tests.doubles import dynamodb as faults
from tests.doubles.api import Api
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_body

Lines = list[dict[str, Any]]


class Log(io.StringIO):
    """Where the lines go."""

    def lines(self) -> Lines:
        """Return what was told since the last time."""
        told = [json.loads(line) for line in self.getvalue().splitlines()]
        self.seek(0)
        self.truncate()
        return told


@pytest.fixture
def log(api: Api) -> Iterator[Log]:
    """Send the log here, as JSON, for one test."""
    assert api
    with redirect_stdout(Log()) as stream:
        telemetry.configure(examples.settings())
    yield stream
    telemetry.configure(examples.settings())


def _messages(lines: Lines) -> list[str]:
    return [line["message"] for line in lines]


def test_a_miss_tells_miss_and_fill_and_a_hit_tells_hit(api: Api, log: Log) -> None:
    """Who greps for `cache` sees what the cache does."""
    path, _ = api.create()
    log.lines()

    api.get(path)
    assert ["cache miss", "cache fill", "answered"] == _messages(log.lines())
    api.get(path)
    assert ["cache hit", "answered"] == _messages(log.lines())
    api.patch(path, {"name": "Ball"})
    assert ["cache invalidation", "answered"] == _messages(log.lines())


def test_a_bypass_is_told_with_its_reason(api: Api, log: Log, fake_server: Any) -> None:
    """Redis down: each read says so."""
    fake_server.connected = False

    api.get(f"/products/{SOME_ID}")

    assert ["cache bypass", "answered"] == _messages(lines := log.lines())
    assert lines[0]["reason"]


def test_each_line_has_the_ids(api: Api, log: Log) -> None:
    """Request and product can be followed through the log."""
    path, _ = api.create()
    log.lines()

    for method, body in (("GET", None), ("PATCH", {"name": "Ball"}), ("DELETE", None)):
        api.send(method, path, body, X_Request_Id=f"my-{method}")
        for line in log.lines():
            assert f"my-{method}" == line["request_id"]
            assert path == f"/products/{line['product_id']}"


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
    assert "mine" == error["request_id"]
    assert "ZeroDivisionError: inside" in error["exception"]


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
