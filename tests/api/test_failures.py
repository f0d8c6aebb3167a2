"""Responses while Redis, DynamoDB or the code fails."""

import fakeredis
import pytest

from chalicelib.redis_store.circuit_breaker import FAILURES
from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.dynamodb import FailingDynamoDB
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_body

ITEM = f"/products/{SOME_ID}"
CALLS = {
    "create": ("POST", "/products", a_body()),
    "get": ("GET", ITEM, None),
    "head": ("HEAD", ITEM, None),
    "put": ("PUT", ITEM, {"name": "x"}),
    "patch": ("PATCH", ITEM, {}),
    "delete": ("DELETE", ITEM, None),
    "list": ("GET", "/products", None),
}


def _is_unavailable(answer: ApiResponse) -> bool:
    assert 503 == answer.status, answer
    assert int(answer.headers["retry-after"]) > 0
    return answer.body == b"" or 503 == answer.json["status"]


@pytest.mark.parametrize("name", CALLS)
def test_an_unreachable_dynamodb_is_a_503(api: ApiClient, wire: Wire, name: str) -> None:
    """`Retry-After` contains the seconds to wait."""
    wire(dynamodb=FailingDynamoDB(faults.UNREACHABLE))

    assert _is_unavailable(api.send(*CALLS[name]))


def test_a_cached_product_is_served_while_dynamodb_is_down(api: ApiClient, wire: Wire) -> None:
    """A hit needs no DynamoDB."""
    path, _ = api.create()
    api.get(path)
    wire(dynamodb=FailingDynamoDB(faults.UNREACHABLE))

    answer = api.get(path)

    assert (200, "HIT") == (answer.status, answer.headers["x-cache"])


@pytest.mark.parametrize("name", CALLS)
def test_an_unexpected_error_is_a_500_without_details(
    api: ApiClient, wire: Wire, name: str
) -> None:
    """The request id leads to the log, which contains the details."""
    wire(dynamodb=FailingDynamoDB(ZeroDivisionError("secret internals")))

    answer = api.send(*CALLS[name])

    assert 500 == answer.status
    assert answer.headers["x-request-id"]
    assert b"secret" not in answer.body
    assert b"ZeroDivision" not in answer.body
    assert "application/problem+json" == answer.headers["content-type"]


def test_without_redis_every_call_is_answered(
    api: ApiClient, fake_server: fakeredis.FakeServer
) -> None:
    """A product's whole life cycle works without the cache."""
    fake_server.connected = False
    path, created = api.create()
    tag = created.headers["etag"]

    reads = [api.get(path) for _ in range(FAILURES + 2)]
    changed = api.patch(path, {"name": "Ball"}, If_Match=tag)

    assert [(200, "BYPASS")] * 5 == [(each.status, each.headers["x-cache"]) for each in reads]
    assert 304 == api.get(path, If_None_Match=changed.headers["etag"]).status
    assert "Ball" == api.get(path).json["name"]
    assert 1 == len(api.get("/products").json["items"])
    assert 412 == api.delete(path, If_Match=tag).status
    assert 204 == api.delete(path).status
    assert (404, "BYPASS") == (api.get(path).status, api.get(path).headers["x-cache"])


def test_without_a_cache_every_read_is_a_bypass(api: ApiClient, wire: Wire) -> None:
    """CACHE_ENABLED=false."""
    wire(CACHE_ENABLED="false")
    path, _ = api.create()

    assert ["BYPASS"] * 2 == [api.get(path).headers["x-cache"] for _ in range(2)]
    assert 200 == api.patch(path, {"name": "Ball"}).status
    assert "Ball" == api.get(path).json["name"]
    assert 204 == api.delete(path).status


def test_the_strict_policy_refuses_writes_without_redis(
    api: ApiClient, wire: Wire, fake_server: fakeredis.FakeServer
) -> None:
    """503 without a write. Reads and creations work."""
    wire(CACHE_WRITE_POLICY="strict")
    path, created = api.create()
    fake_server.connected = False

    assert _is_unavailable(api.patch(path, {"name": "Ball"}))
    assert _is_unavailable(api.delete(path))
    assert created.body == api.get(path).body
    assert 201 == api.post("/products", a_body()).status
