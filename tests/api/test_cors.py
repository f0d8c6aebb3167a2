"""CORS headers are on every response if the setting names an origin, else on none."""

from types import ModuleType

import pytest

from tests.doubles.api import ApiClient
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID

ORIGIN = "https://shop.example"
HEADER = "access-control-allow-origin"


@pytest.fixture
def open_api(wire: Wire, lambda_module: ModuleType) -> ApiClient:
    """Return a client of an app that allows one origin."""
    wire(CORS_ALLOW_ORIGIN=ORIGIN)
    return ApiClient(lambda_module)


def test_every_response_names_the_origin(open_api: ApiClient) -> None:
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
def test_a_page_names_the_origin(open_api: ApiClient, path: str) -> None:
    """Pages need no preflight, because only GET is sent to them."""
    assert (200, ORIGIN) == (open_api.get(path).status, open_api.get(path).headers.get(HEADER))


def test_preflights_allow_conditional_requests(open_api: ApiClient) -> None:
    """A page on that origin may send every precondition."""
    allowed = open_api.get("/products").headers["access-control-allow-headers"].split(",")

    assert {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} <= set(allowed)


def test_scripts_may_read_the_api_headers(open_api: ApiClient) -> None:
    """Entity tag, request id and links are exposed to scripts on that origin."""
    exposed = open_api.get("/products").headers["access-control-expose-headers"].split(",")

    assert {"ETag", "Link", "Location", "X-Cache", "X-Request-Id", "Retry-After"} <= set(exposed)


def test_without_the_setting_no_origin_is_named(api: ApiClient) -> None:
    """CORS is off by default."""
    assert HEADER not in api.get("/products").headers
