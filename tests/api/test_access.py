"""The credentials that each route requires, by the settings. API Gateway checks them."""

from copy import copy
from types import ModuleType
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig, RouteEntry
from chalice.deploy.swagger import CFNSwaggerGenerator

from chalicelib.api import access, cors
from chalicelib.resources import RESOURCES
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
    """Return a copy of the app's routes."""
    return {
        path: {method: copy(route) for method, route in methods.items()}
        for path, methods in lambda_module.app.routes.items()
    }


def _required(routes: Routes, **variables: str) -> dict[tuple[str, str], str]:
    """Return what each route requires. HEAD requires the same as GET and is left out."""
    access.guard(routes, settings(COGNITO_POOL_ARN=POOL, **variables))
    required = {
        (method, path): "key" if route.api_key_required else _name(route)
        for path, methods in routes.items()
        for method, route in methods.items()
    }
    heads = {path: way for (method, path), way in required.items() if method == "HEAD"}
    assert all(required["GET", path] == way for path, way in heads.items())
    return {each: way for each, way in required.items() if each[0] != "HEAD"}


def _name(route: RouteEntry) -> str:
    return (
        {"sigv4": "iam", "cognito": "cognito"}[route.authorizer.name]
        if route.authorizer
        else "open"
    )


def test_writes_require_a_signature_by_default(routes: Routes) -> None:
    required = _required(routes)

    assert WRITES == {each for each, way in required.items() if way == "iam"}
    assert {"iam", "open"} == set(required.values())


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("read", WAYS)
def test_reads_and_writes_require_their_own_setting(routes: Routes, write: str, read: str) -> None:
    """Every combination works. Health and documentation stay open."""
    required = _required(routes, WRITE_ACCESS=write, READ_ACCESS=read)

    assert {write} == {required[each] for each in WRITES}
    assert {read} == {required[each] for each in READS}
    assert {"open"} == {way for each, way in required.items() if each not in WRITES | READS}
    assert set(access.OPEN_TO_ALL) == {path for _, path in required.keys() - WRITES - READS}


def test_a_new_route_is_not_open(routes: Routes) -> None:
    routes["/secrets"] = {"QUERY": copy(routes["/products"]["POST"])}

    assert "key" == _required(routes, WRITE_ACCESS="key")["QUERY", "/secrets"]


@pytest.mark.parametrize("way", WAYS)
def test_preflights_are_open(routes: Routes, way: str) -> None:
    """Browsers send preflights without credentials."""
    access.guard(routes, settings(COGNITO_POOL_ARN=POOL, WRITE_ACCESS=way, READ_ACCESS=way))

    for path, operations in _definition(routes)["paths"].items():
        assert "security" not in operations["options"], path
        if way != "open" and path not in access.OPEN_TO_ALL:
            assert all("security" in each for name, each in operations.items() if name != "options")


def test_cors_allows_the_credential_headers() -> None:
    allowed = CORS.get_access_control_headers()["Access-Control-Allow-Headers"].split(",")

    assert {"Authorization", "X-Api-Key", "X-Amz-Date", "X-Amz-Security-Token"} <= set(allowed)


def _definition(routes: Routes) -> Any:
    """Return the API definition that Chalice generates, with CORS."""
    app = Chalice("product-catalog")
    app.routes.update(routes)
    for methods in routes.values():
        for route in methods.values():
            route.cors = CORS
    return CFNSwaggerGenerator().generate_swagger(app)
