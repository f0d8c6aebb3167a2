"""Roles and limits that an account has once. Missing roles are created, others are kept."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dev.deploy import account, settings, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.failure import DeployFailed


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start an empty account. The tests build on each other."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield SimpleNamespace(client=aws.client)


def _parameters(**given: str) -> dict[str, str]:
    return settings.known(templates.app(), settings.known(templates.data(), given))


def test_elasticache_has_its_role_before_the_first_cache(clients: Any) -> None:
    """A second stage uses the same role. A stage without ElastiCache needs none."""
    account.prepare(clients, _parameters(Cache="none"))
    assert [] == _roles(clients, "elasticache.amazonaws.com")

    for cache in ("serverless", "nodes"):
        account.prepare(clients, _parameters(Cache=cache))
        assert 1 == len(_roles(clients, "elasticache.amazonaws.com"))


def test_a_stage_with_gateway_logs_needs_the_role_of_the_account(clients: Any) -> None:
    """API Gateway would refuse the log late. A role that exists is kept: other APIs use it."""
    account.prepare(clients, _parameters(GatewayLogs="false"))
    with pytest.raises(DeployFailed, match="make account-logging"):
        account.prepare(clients, _parameters(GatewayLogs="true"))

    assert "now" in account.let_gateway_log(clients)
    account.prepare(clients, _parameters(GatewayLogs="true"))

    role = "arn:aws:iam::000000000000:role/other"
    gateway = clients.client("apigateway")
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    gateway.update_account(patchOperations=[patch])
    assert f"{role} already" in account.let_gateway_log(clients)
    assert role == gateway.get_account()["cloudwatchRoleArn"]


def test_a_low_concurrency_limit_of_the_account_is_a_warning(
    clients: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new account may run ten functions at once."""
    limits = clients.client("lambda").get_account_settings()["AccountLimit"]
    limit = limits["ConcurrentExecutions"]
    account.prepare(clients, _parameters(RequestsAtOnce=str(limit)))
    assert "" == capsys.readouterr().out

    account.prepare(clients, _parameters(RequestsAtOnce=str(limit + 1)))
    warning = capsys.readouterr().out
    assert f"runs {limit} functions at once" in warning
    assert f"RequestsAtOnce is {limit + 1}" in warning


def _roles(clients: Any, service: str) -> list[str]:
    roles = clients.client("iam").list_roles(PathPrefix=f"/aws-service-role/{service}/")["Roles"]
    return [role["RoleName"] for role in roles]
