"""The functions have only the rights that they need: without any of them, a call fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dev.deploy import templates
from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import Site, deployed
from tests.running_stack import HttpResponse, eventually

_DATA = templates.data()
_UNUSED_IN_CALM = {"+get", "+ping"}
"""`GET` is sent by the previous release; `PING` after a late batch, see `test_batches.py`."""
_RIGHTS = _DATA["Mappings"]["Redis"]["User"]["Access"].split()[2:]

Call = Callable[[Caller, str], HttpResponse]
Policy = dict[str, Any]

CALLS: dict[str, Call] = {
    "dynamodb:BatchGetItem": lambda who, id_: who.ask("GET", f"/products?ids={id_}"),
    "dynamodb:DeleteItem": lambda who, id_: who.ask("DELETE", f"/products/{id_}"),
    "dynamodb:GetItem": lambda who, id_: who.ask("GET", f"/products/{id_}"),
    "dynamodb:PutItem": lambda who, _: who.ask("POST", "/products", MOUSE),
    "dynamodb:Query": lambda who, _: who.ask("GET", "/products?category=accessories"),
    "dynamodb:Scan": lambda who, _: who.ask("GET", "/products"),
    "dynamodb:UpdateItem": lambda who, id_: who.ask("PUT", f"/products/{id_}", {"price": 1}),
}
"""For each action of the API's function, a call that needs it."""

TAKEN_BY_LAMBDA = {
    "ApiRole": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "InvalidateRole": {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
    },
}
"""The actions of Lambda itself. The emulator performs them without IAM."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once. Each test restores the rights. A write whose fence fails is refused."""
    logs = tmp_path_factory.mktemp("logs")
    with deployed(logs, WriteAccess="open", CacheWritePolicy="strict") as site:
        yield site


@pytest.fixture
def anyone(site: Site) -> Caller:
    """Return a caller without credentials: this stage is open."""
    return Caller(site)


def test_every_action_of_the_policies_is_tested() -> None:
    """By a call, except those that only Lambda uses: the emulator cannot show them."""
    assert TAKEN_BY_LAMBDA["ApiRole"] | set(CALLS) == _actions("ApiRole")
    assert TAKEN_BY_LAMBDA["InvalidateRole"] == _actions("InvalidateRole")


@pytest.mark.parametrize("action", CALLS)
def test_without_an_action_a_call_fails(site: Site, anyone: Caller, action: str) -> None:
    """With it the same call succeeds. The response does not mention policies."""
    role = site.outputs["ApiRoleArn"].rpartition("/")[2]
    iam = site.aws.client("iam")
    document = iam.get_role_policy(RoleName=role, PolicyName="Products")["PolicyDocument"]
    product_id = anyone.create()["id"]

    _put(iam, role, _without(document, action))
    try:
        refused = CALLS[action](anyone, product_id)
    finally:
        _put(iam, role, document)

    assert (500, True) == (refused.status, refused.is_problem)
    assert b"AccessDenied" not in refused.body
    assert CALLS[action](anyone, product_id).status in (200, 201, 204)


@pytest.mark.parametrize(
    "right",
    [right for right in _RIGHTS if right.startswith("+") and right not in _UNUSED_IN_CALM],
)
def test_without_a_right_in_redis_the_cache_does_not_work(
    site: Site, anyone: Caller, right: str
) -> None:
    """The user has only the commands of the cache protocol and the health check."""
    user = site.outputs["RedisUsername"]
    eventually(lambda: _cache_works(anyone), seconds=60)

    site.redis.execute_command("ACL", "SETUSER", user, f"-{right[1:]}")
    try:
        assert not _cache_works(anyone)
    finally:
        site.redis.execute_command("ACL", "SETUSER", user, right)


def _cache_works(who: Caller) -> bool:
    """Return whether a product is cached, and deleted from the cache when it changes."""
    if who.ask("GET", "/health").json["redis"] != "connected":
        return False
    path = f"/products/{who.create()['id']}"
    read = [who.ask("GET", path).headers["X-Cache"] for _ in range(2)]
    written = who.ask("PUT", path, {"price": 1}).status
    read += [who.ask("GET", path).headers["X-Cache"] for _ in range(2)]
    return (written, read) == (200, ["MISS", "HIT", "MISS", "HIT"])


def _actions(role: str) -> set[str]:
    """Return the actions of a role's policies, and of those in a table's file."""
    resources = _DATA["Resources"]
    added = [
        policy["Properties"]
        for name, policy in resources.items()
        if name.startswith("Products") and {"Ref": role} in policy["Properties"].get("Roles", [])
    ]
    policies = [*resources[role]["Properties"]["Policies"], *added]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return {action for statement in statements for action in _listed(statement["Action"])}


def _without(document: Policy, action: str) -> Policy:
    """Return the policy without the action, and without empty statements."""
    left = [
        statement | {"Action": [each for each in _listed(statement["Action"]) if each != action]}
        for statement in document["Statement"]
    ]
    return {**document, "Statement": [statement for statement in left if statement["Action"]]}


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _put(iam: Any, role: str, document: Policy) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="Products", PolicyDocument=json.dumps(document))
