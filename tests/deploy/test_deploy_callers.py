"""Deployed to an emulated AWS: API keys for writes, users of a Cognito pool for reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import ORIGIN, Site, empty

_PASSWORD = "Passw0rd!"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once for all tests."""
    with empty(tmp_path_factory.mktemp("logs")) as site:
        cognito = site.aws.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="customers")["UserPool"]["Arn"]
        site.up(WriteAccess="key", ReadAccess="cognito", CognitoPoolArn=pool)
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Caller:
    """Return a caller with the key."""
    return site.key_holder()


@pytest.fixture(scope="module")
def customer(site: Site) -> Caller:
    """Return a user of the pool."""
    return _user(site, site.parameters["CognitoPoolArn"])


def test_the_key_writes_and_users_of_the_pool_read(shop: Caller, customer: Caller) -> None:
    """Each may do what the stage's parameters say, and no more."""
    made = shop.ask("POST", "/products", MOUSE)
    path = f"/products/{made.json['id']}"

    assert 201 == made.status
    assert made.json == customer.ask("GET", path).json
    assert 200 == customer.ask("HEAD", path).status
    assert 401 == shop.ask("GET", path).status
    assert 403 == customer.ask("DELETE", path).status
    assert 204 == shop.ask("DELETE", path).status


def test_strangers_only_have_health_and_documentation(site: Site) -> None:
    """
    A refusal is a problem with CORS headers, so that a page can show it.

    A 401 names the scheme to use (RFC 9110, 15.5.2).
    """
    stranger = Caller(site)

    for method, status, scheme in (("GET", 401, "Bearer"), ("POST", 403, None)):
        refused = stranger.ask(method, "/products", MOUSE if method == "POST" else None)
        assert (status, True) == (refused.status, refused.is_problem)
        assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
        assert scheme == refused.headers["WWW-Authenticate"]
    for path in ("/", "/health", "/openapi.json", "/docs", "/redoc", "/assets/docs.js"):
        assert 200 == stranger.ask("GET", path).status, path


def test_another_key_or_pool_is_refused(site: Site) -> None:
    """A key must be in the stage's usage plan, a token from the stage's pool."""
    key = site.aws.client("apigateway").create_api_key(name="other", enabled=True)
    pool = site.aws.client("cognito-idp").create_user_pool(PoolName="others")["UserPool"]["Arn"]

    assert 403 == Caller(site, X_Api_Key=key["value"]).ask("POST", "/products", MOUSE).status
    assert 401 == _user(site, pool).ask("GET", "/products").status


def test_a_key_has_the_limits_of_the_stage(site: Site, shop: Caller) -> None:
    """Beyond them, the response is a problem with CORS headers and Retry-After."""
    api = site.aws.client("apigateway")
    (plan,) = api.get_usage_plans()["items"]
    assert [site.outputs["RestAPIId"]] == [each["apiId"] for each in plan["apiStages"]]
    assert {"rateLimit": 20, "burstLimit": 40} == plan["throttle"]
    assert ("MONTH", 1_000_000) == (plan["quota"]["period"], plan["quota"]["limit"])

    try:
        _limit(api, plan["id"], "1")
        refused = [shop.ask("POST", "/products", MOUSE) for _ in range(2)][-1]
    finally:
        _limit(api, plan["id"], str(plan["quota"]["limit"]))

    assert (429, True) == (refused.status, refused.is_problem)
    assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
    assert "1" == refused.headers["Retry-After"]
    assert 201 == shop.ask("POST", "/products", MOUSE).status


def _limit(api: Any, plan_id: str, calls: str) -> None:
    limit = {"op": "replace", "path": "/quota/limit", "value": calls}
    api.update_usage_plan(usagePlanId=plan_id, patchOperations=[limit])


def _user(site: Site, pool_arn: str) -> Caller:
    """Return a new user of a pool, who is signed in."""
    cognito, pool = site.aws.client("cognito-idp"), pool_arn.rpartition("/")[2]
    flow = "ADMIN_USER_PASSWORD_AUTH"
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="shop", ExplicitAuthFlows=[f"ALLOW_{flow}"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="ann", Password=_PASSWORD, Permanent=True
    )
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow=flow,
        AuthParameters={"USERNAME": "ann", "PASSWORD": _PASSWORD},
    )["AuthenticationResult"]
    return Caller(site, Authorization=signed_in["IdToken"])
