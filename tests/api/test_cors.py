"""CORS: on every answer where the setting names an origin, on none where it does not."""

from types import ModuleType

import pytest

from tests.doubles.api import Api
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID

ORIGIN = "https://shop.example"
HEADER = "access-control-allow-origin"


@pytest.fixture
def open_api(wire: Wire, lambda_module: ModuleType) -> Api:
    """Return a client of an app that allows one origin."""
    wire(CORS_ALLOW_ORIGIN=ORIGIN)
    return Api(lambda_module)


def test_every_answer_names_the_origin(open_api: Api) -> None:
    """Success, 304, 204 and every kind of error."""
    path, made = open_api.create()
    answers = {
        201: made,
        200: open_api.get(path),
        304: open_api.get(path, If_None_Match=made.headers["etag"]),
        400: open_api.post("/products", "{"),
        404: open_api.get(f"/products/{SOME_ID}"),
        405: open_api.send("PUT", "/health"),
        412: open_api.delete(path, If_Match='"1"'),
        415: open_api.post("/products", "{}", Content_Type="text/plain"),
        422: open_api.post("/products", {}),
        204: open_api.delete(path),
    }

    for status, answer in answers.items():
        assert (status, ORIGIN) == (answer.status, answer.headers.get(HEADER)), answer


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/assets/docs.js", "/openapi.json"])
def test_a_page_names_the_origin_too(open_api: Api, path: str) -> None:
    """Though a page has no preflight when deployed: nothing else than a GET is made of it."""
    assert (200, ORIGIN) == (open_api.get(path).status, open_api.get(path).headers.get(HEADER))


def test_conditional_requests_pass_a_preflight(open_api: Api) -> None:
    """A page on that origin may send every precondition."""
    allowed = open_api.get("/products").headers["access-control-allow-headers"].split(",")

    assert {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} <= set(allowed)


def test_a_page_may_read_the_headers_that_matter(open_api: Api) -> None:
    """A script on that origin sees the entity tag, the request id and the links."""
    exposed = open_api.get("/products").headers["access-control-expose-headers"].split(",")

    assert {"ETag", "Link", "Location", "X-Cache", "X-Request-Id", "Retry-After"} <= set(exposed)


def test_without_the_setting_no_origin_is_named(api: Api) -> None:
    """Closed unless opened."""
    assert HEADER not in api.get("/products").headers
