"""What an account and a region have once: made where it is missing, and never made over."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dev.deploy import account, settings, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.failure import DeployFailed


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployEmulator]:
    """Start an account without anything in it; the tests follow each other."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield aws


@pytest.fixture
def clients(aws: DeployEmulator) -> Any:
    """Return what makes clients of the account's root."""
    return SimpleNamespace(client=aws.client)


def _parameters(**given: str) -> dict[str, str]:
    return settings.known(templates.app(), settings.known(templates.data(), given))


def test_elasticache_has_its_role_before_a_first_cache(clients: Any) -> None:
    """A second stage finds it there; a stage without ElastiCache needs none."""
    account.prepare(clients, _parameters(Cache="none"))
    assert [] == _roles(clients, "elasticache.amazonaws.com")

    for cache in ("serverless", "nodes"):
        account.prepare(clients, _parameters(Cache=cache))
        assert 1 == len(_roles(clients, "elasticache.amazonaws.com"))


def test_a_stage_that_logs_is_refused_until_the_account_can(clients: Any) -> None:
    """API Gateway refuses a stage with a log, late, where the account has no role for that."""
    account.prepare(clients, _parameters(GatewayLogs="false"))
    with pytest.raises(DeployFailed, match="make account-logging"):
        account.prepare(clients, _parameters(GatewayLogs="true"))

    assert "now" in account.let_gateway_log(clients)

    account.prepare(clients, _parameters(GatewayLogs="true"))


def test_a_role_that_is_there_is_left(clients: Any) -> None:
    """Other APIs of the account log by it."""
    role = "arn:aws:iam::000000000000:role/of-somebody-else"
    gateway = clients.client("apigateway")
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    gateway.update_account(patchOperations=[patch])

    assert f"{role} already" in account.let_gateway_log(clients)
    assert role == gateway.get_account()["cloudwatchRoleArn"]


def test_more_requests_than_the_account_runs_functions_are_warned_of(
    clients: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new account may run ten at once."""
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
