"""What an account has once in a region for all stages: roles of services, and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dev.deploy import templates
from dev.deploy.failure import DeployFailed
from dev.deploy.stack import Stack

_ELASTICACHE: Final = "elasticache.amazonaws.com"
_STACK: Final = "product-catalog-account-logging"


def prepare(clients: Any, parameters: Mapping[str, str]) -> None:
    """Create the roles that the first stage needs; warn of a low limit. Raise `DeployFailed`."""
    if parameters["Cache"] in ("serverless", "nodes"):
        _make_role_of_elasticache(clients.client("iam"))
    if parameters["GatewayLogs"] == "true" and not _logging_role(clients):
        raise DeployFailed(
            "GatewayLogs=true needs a role that this account does not have in this region. "
            "First: make account-logging"
        )
    _warn_of_concurrency(clients.client("lambda"), int(parameters["RequestsAtOnce"]))


def let_gateway_log(clients: Any) -> str:
    """Create API Gateway's logging role if it has none; return what was done."""
    if role := _logging_role(clients):
        return f"API Gateway uses {role} already; nothing was changed"
    Stack(clients.client("cloudformation"), _STACK).deploy(templates.account(), {})
    return f"API Gateway uses {_logging_role(clients)} now"


def _make_role_of_elasticache(iam: Any) -> None:
    """ElastiCache creates it with the first cache, which can fail until it exists."""
    pages = iam.get_paginator("list_roles").paginate(
        PathPrefix=f"/aws-service-role/{_ELASTICACHE}/"
    )
    if not any(page["Roles"] for page in pages):
        iam.create_service_linked_role(AWSServiceName=_ELASTICACHE)


def _logging_role(clients: Any) -> str | None:
    role: str | None = clients.client("apigateway").get_account().get("cloudwatchRoleArn")
    return role


def _warn_of_concurrency(client: Any, requests_at_once: int) -> None:
    limit = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if requests_at_once > limit:
        print(
            f"Warning: this account runs {limit} functions at once in the region, and "
            f"RequestsAtOnce is {requests_at_once}: beyond that, clients get 5xx. Ask AWS for a "
            "higher quota (Lambda, concurrent executions), or lower RequestsAtOnce",
            flush=True,
        )
