"""What every answer carries, whatever was asked."""

import re

import pytest

from tests.doubles.api import Answer, Api
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


@pytest.fixture(params=CALLS, ids=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[str, str, object]:
    return CALLS[request.param]


def test_every_answer_has_an_id(api: Api, call: tuple[str, str, object]) -> None:
    """A request id is made where the caller gave none, another one each time."""
    ids = [api.send(*call).headers["x-request-id"] for _ in range(2)]

    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in ids)
    assert ids[0] != ids[1]


def test_a_fit_id_of_the_caller_s_is_kept(api: Api, call: tuple[str, str, object]) -> None:
    """So a request can be followed through several services."""
    given = "Trace_1.2-" + "x" * 118

    assert given == api.send(*call, X_Request_Id=given).headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\nb", 'a"b', "ü", "{}", "a\r\nX-Y: z"])
def test_an_unfit_id_is_replaced(api: Api, call: tuple[str, str, object], given: str) -> None:
    """Nothing that could break a log line or a header is echoed."""
    assert re.fullmatch(
        r"[0-9a-f-]{36}", api.send(*call, X_Request_Id=given).headers["x-request-id"]
    )


def test_every_answer_says_where_the_time_went(api: Api, call: tuple[str, str, object]) -> None:
    """In the same three parts, which a browser's developer tools show."""
    told = api.send(*call).headers["server-timing"]

    assert re.fullmatch(r"cache;dur=[\d.]+, db;dur=[\d.]+, app;dur=[\d.]+", told)


def test_an_error_of_ours_says_so_too(api: Api, wire: Wire) -> None:
    """A 500 has an id and its timing, as any other answer."""
    wire(dynamodb=FailingDynamoDB(ZeroDivisionError("inside")))

    answer = api.get(f"/products/{SOME_ID}", X_Request_Id="mine")

    assert (500, "mine") == (answer.status, answer.headers["x-request-id"])
    assert answer.headers["server-timing"].startswith("cache;dur=")


def test_every_error_is_a_problem(api: Api, call: tuple[str, str, object]) -> None:
    """Whatever is refused has the one shape, its status said twice, and is no 5xx."""
    answer = api.send(*call)

    assert answer.status < 500
    if answer.status >= 400 and call[0] != "HEAD":
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.status == answer.json["status"]
        assert {"type", "title", "detail"} <= set(answer.json)


def test_header_values_are_text(api: Api, call: tuple[str, str, object]) -> None:
    """API Gateway takes nothing else."""
    assert all(isinstance(value, str) for value in api.send(*call).headers.values())


def test_an_answer_may_be_kept_only_to_be_asked_about(
    api: Api, call: tuple[str, str, object]
) -> None:
    """A cache on the way that answered by itself would hide an acknowledged write."""
    assert api.send(*call).headers["cache-control"] in ("no-cache", "no-store")


@pytest.mark.parametrize("path", ["/products", "/health", f"/products/{SOME_ID}"])
def test_a_method_that_a_path_does_not_have_is_a_405(api: Api, path: str) -> None:
    """Chalice's own answer, in our shape, with the methods that there are."""
    answer: Answer = api.send("TRACE", path)

    assert 405 == answer.status
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "accept",
    ["", "text/html", "application/octet-stream", "image/png, */*", "*/*;q=0"],
)
def test_json_comes_whatever_is_accepted(api: Api, accept: str) -> None:
    """There is one representation; a client that names another gets it all the same."""
    path, _ = api.create()

    answer = api.get(path, Accept=accept)

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
