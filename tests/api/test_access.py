"""Who may call: what each route asks for, by the settings; the gateway is who asks."""

from copy import copy
from types import ModuleType
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig, RouteEntry
from chalice.deploy.swagger import CFNSwaggerGenerator

from chalicelib.api import access, cors
from chalicelib.resources import RESOURCES
from tests.doubles.api import Api
from tests.examples import settings

CORS = CORSConfig(allow_origin="*", allow_headers=cors.ALLOWED)
POOL = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_abc"
WAYS = ["iam", "cognito", "key", "open"]
COLLECTIONS = {f"/{each.name}" for each in RESOURCES}
ITEMS = {f"/{each.name}/{{{each.id_name}}}" for each in RESOURCES}
READS = {("GET", path) for path in COLLECTIONS | ITEMS}
WRITES = {("POST", path) for path in COLLECTIONS} | {
    (method, path) for method in ("PUT", "PATCH", "DELETE") for path in ITEMS
}

Routes = dict[str, dict[str, RouteEntry]]


@pytest.fixture
def routes(lambda_module: ModuleType) -> Routes:
    """Return the app's routes, to guard in another way."""
    return {
        path: {method: copy(route) for method, route in methods.items()}
        for path, methods in lambda_module.app.routes.items()
    }


def _asking(routes: Routes, **variables: str) -> dict[tuple[str, str], str]:
    """Return what each route asks for, HEAD apart, which asks for what GET does."""
    access.guard(routes, settings(COGNITO_POOL_ARN=POOL, **variables))
    asked = {
        (method, path): "key" if route.api_key_required else _name(route)
        for path, methods in routes.items()
        for method, route in methods.items()
    }
    heads = {path: way for (method, path), way in asked.items() if method == "HEAD"}
    assert all(asked["GET", path] == way for path, way in heads.items())
    return {each: way for each, way in asked.items() if each[0] != "HEAD"}


def _name(route: RouteEntry) -> str:
    return (
        {"sigv4": "iam", "cognito": "cognito"}[route.authorizer.name]
        if route.authorizer
        else "open"
    )


def test_writes_are_signed_unless_told_otherwise(routes: Routes) -> None:
    """What nobody has set is: anybody reads, who signs writes."""
    asked = _asking(routes)

    assert WRITES == {each for each, way in asked.items() if way == "iam"}
    assert {"iam", "open"} == set(asked.values())


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("read", WAYS)
def test_reads_and_writes_ask_for_what_each_is_told(routes: Routes, write: str, read: str) -> None:
    """Each in every way; health and documentation ask for nothing."""
    asked = _asking(routes, WRITE_ACCESS=write, READ_ACCESS=read)

    assert {write} == {asked[each] for each in WRITES}
    assert {read} == {asked[each] for each in READS}
    assert {"open"} == {way for each, way in asked.items() if each not in WRITES | READS}
    assert set(access.OPEN_TO_ALL) == {path for _, path in asked.keys() - WRITES - READS}


def test_a_route_that_nobody_thought_of_is_not_open(routes: Routes) -> None:
    """What is open is named; all else asks."""
    routes["/secrets"] = {"QUERY": copy(routes["/products"]["POST"])}

    assert "key" == _asking(routes, WRITE_ACCESS="key")["QUERY", "/secrets"]


@pytest.mark.parametrize("way", WAYS)
def test_preflights_are_open(routes: Routes, way: str) -> None:
    """A browser signs no preflight, so one that is asked for a signature ends every call."""
    access.guard(routes, settings(COGNITO_POOL_ARN=POOL, WRITE_ACCESS=way, READ_ACCESS=way))

    for path, operations in _definition(routes)["paths"].items():
        assert "security" not in operations["options"], path
        if way != "open" and path not in access.OPEN_TO_ALL:
            assert all("security" in each for name, each in operations.items() if name != "options")


def test_a_page_may_send_what_is_asked_for() -> None:
    """CORS allows the headers of every way, or a browser would not send them."""
    allowed = CORS.get_access_control_headers()["Access-Control-Allow-Headers"].split(",")

    assert {"Authorization", "X-Api-Key", "X-Amz-Date", "X-Amz-Security-Token"} <= set(allowed)


def test_a_local_server_asks_nobody(api: Api) -> None:
    """There is no gateway before it."""
    assert 201 == api.create()[1].status


def _definition(routes: Routes) -> Any:
    """Return the API's definition as Chalice packs it, with CORS."""
    app = Chalice("product-catalog")
    app.routes.update(routes)
    for methods in routes.values():
        for route in methods.values():
            route.cors = CORS
    return CFNSwaggerGenerator().generate_swagger(app)
