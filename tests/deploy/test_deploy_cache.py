"""The cache's users and nodes, deployed: the functions' settings and their rights."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.settings import Settings
from dev.deploy import settings, stages, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.release import Release

PASSWORD = "a secret of 16 characters or more"
Outputs = dict[str, str]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployEmulator]:
    """Start the emulator, which lists nodes and does not run them."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield aws


def test_by_default_the_user_has_a_password(aws: DeployEmulator) -> None:
    """IAM lets no role connect, and the nodes are no cluster."""
    outputs = _deploy(aws)

    given = _settings(outputs)
    assert (False, True, None) == (given.redis_cluster, given.redis_tls, given.redis_iam_cache)
    assert ("catalog-dev", PASSWORD) == (given.redis_username, given.redis_password)
    assert [[], []] == _may_connect(aws, outputs)
    assert "cluster" not in outputs["RedisAccess"]


def test_with_iam_the_functions_may_connect_without_a_password(aws: DeployEmulator) -> None:
    """Only to this cache as this user. No secret is created."""
    outputs = _deploy(aws, RedisAuth="iam")

    given = _settings(outputs)
    (user,) = aws.client("elasticache").describe_users(UserId="catalog-dev")["Users"]
    assert (None, "catalog-dev") == (given.redis_password, given.redis_username)
    assert user["UserId"] == user["UserName"]
    assert [[given.redis_iam_cache, user["ARN"]]] * 2 == _may_connect(aws, outputs)
    assert "" == outputs["RedisPasswordArn"]


def test_several_shards_are_a_cluster(aws: DeployEmulator) -> None:
    """The functions use cluster mode, and their user may send its commands."""
    outputs = _deploy(aws, CacheShards="3", CacheNodes="2")

    assert _settings(outputs).redis_cluster
    assert outputs["RedisAccess"].endswith(" +ping +cluster|slots +asking")


def _deploy(aws: DeployEmulator, **parameters: str) -> Outputs:
    """Deploy the data stack of `dev` and return its outputs."""
    release = Release(SimpleNamespace(client=aws.client), "dev", poll_seconds=0.1)
    return release.keep(templates.data(), stages.read("dev") | parameters)


def _settings(outputs: Outputs) -> Settings:
    """Return the functions' settings, from the variables that the app stack sets."""
    values = {"Stage": "dev", **outputs, "CodeBucket": "", "CodeKey": ""}
    given = settings.when_run(templates.app(), values, lambda _: PASSWORD)
    return Settings.from_env(given | {"AWS_REGION": "us-east-1"})


def _may_connect(aws: DeployEmulator, outputs: Outputs) -> list[list[Any]]:
    """Return, for each function's role, the resources of elasticache:Connect."""
    iam, found = aws.client("iam"), []
    for arn in (outputs["ApiRoleArn"], outputs["InvalidateRoleArn"]):
        role = arn.rpartition("/")[2]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policies = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
        statements = [each for p in policies for each in p["PolicyDocument"]["Statement"]]
        connect = [each for each in statements if each["Action"] == "elasticache:Connect"]
        found.append([arn for each in connect for arn in each["Resource"]])
    return found
