"""Really deployed: a stage that takes API keys for writes, and a Cognito pool's users for reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import ORIGIN, Site, empty

_PASSWORD = "Passw0rd!"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once; the tests do not take anything down."""
    with empty(tmp_path_factory.mktemp("logs")) as site:
        cognito = site.aws.client("cognito-idp")
        pool = cognito.create_user_pool(PoolName="customers")["UserPool"]["Arn"]
        site.up(WriteAccess="key", ReadAccess="cognito", CognitoPoolArn=pool)
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Caller:
    """Return who was given the key."""
    return site.key_holder()


@pytest.fixture(scope="module")
def customer(site: Site) -> Caller:
    """Return a user of the pool."""
    return _user(site, site.parameters["CognitoPoolArn"])


def test_who_has_the_key_writes_and_who_is_of_the_pool_reads(
    shop: Caller, customer: Caller
) -> None:
    """Each gets what the stage's two words say, and the other's is refused."""
    made = shop.ask("POST", "/products", MOUSE)
    path = f"/products/{made.json['id']}"

    assert 201 == made.status
    assert made.json == customer.ask("GET", path).json
    assert 200 == customer.ask("HEAD", path).status
    assert 401 == shop.ask("GET", path).status
    assert 403 == customer.ask("DELETE", path).status
    assert 204 == shop.ask("DELETE", path).status


@pytest.mark.parametrize(
    ("method", "status", "asks"), [("GET", 401, "Bearer"), ("POST", 403, None)]
)
def test_a_stranger_is_refused_by_a_problem(
    site: Site, method: str, status: int, asks: str | None
) -> None:
    """With CORS, so a page can tell its user; a 401 says what is asked for (RFC 9110, 15.5.2)."""
    refused = Caller(site).ask(method, "/products", MOUSE if method == "POST" else None)

    assert (status, True) == (refused.status, refused.is_problem)
    assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
    assert asks == refused.headers["WWW-Authenticate"]


def test_another_key_or_pool_opens_nothing(site: Site) -> None:
    """A key needs the stage's usage plan, a token the stage's pool."""
    key = site.aws.client("apigateway").create_api_key(name="of another", enabled=True)
    pool = site.aws.client("cognito-idp").create_user_pool(PoolName="others")["UserPool"]["Arn"]

    assert 403 == Caller(site, X_Api_Key=key["value"]).ask("POST", "/products", MOUSE).status
    assert 401 == _user(site, pool).ask("GET", "/products").status


def test_a_key_may_call_as_often_as_the_stage_says(site: Site) -> None:
    """The plan's limits are parameters."""
    (plan,) = site.aws.client("apigateway").get_usage_plans()["items"]

    assert [site.outputs["RestAPIId"]] == [each["apiId"] for each in plan["apiStages"]]
    assert {"rateLimit": 20, "burstLimit": 40} == plan["throttle"]
    assert ("MONTH", 1_000_000) == (plan["quota"]["period"], plan["quota"]["limit"])


def test_who_has_called_too_often_is_told_when_to_come_back(site: Site, shop: Caller) -> None:
    """A problem with CORS, as every answer of the gateway's own."""
    api = site.aws.client("apigateway")
    (plan,) = api.get_usage_plans()["items"]
    try:
        _limit(api, plan["id"], "1")
        refused = [shop.ask("POST", "/products", MOUSE) for _ in range(2)][-1]
    finally:
        _limit(api, plan["id"], str(plan["quota"]["limit"]))

    assert (429, True) == (refused.status, refused.is_problem)
    assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]
    assert "1" == refused.headers["Retry-After"]
    assert 201 == shop.ask("POST", "/products", MOUSE).status


@pytest.mark.parametrize(
    "path", ["/", "/health", "/openapi.json", "/docs", "/redoc", "/assets/docs.js"]
)
def test_health_and_documentation_stay_open(site: Site, path: str) -> None:
    """Whatever the stage asks of those who read products."""
    assert 200 == Caller(site).ask("GET", path).status


def _limit(api: Any, plan_id: str, calls: str) -> None:
    limit = {"op": "replace", "path": "/quota/limit", "value": calls}
    api.update_usage_plan(usagePlanId=plan_id, patchOperations=[limit])


def _user(site: Site, pool_arn: str) -> Caller:
    """Return a new user of a pool, signed in."""
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
