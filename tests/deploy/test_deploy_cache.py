"""The cache as a stage may want it: users by IAM, keys shared among nodes; what functions get."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.settings import Settings
from dev.deploy import settings, stages, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.release import Release

STAGE = "dev"
PASSWORD = "a password that nobody knows"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployEmulator]:
    """Start the emulator, which lists nodes and does not run them."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield aws


class Kept:
    """The data stack, deployed with these parameters."""

    def __init__(self, aws: DeployEmulator, **parameters: str) -> None:
        self._aws = aws
        release = Release(SimpleNamespace(client=aws.client), STAGE, poll_seconds=0.1)
        self.outputs = release.keep(templates.data(), stages.read(STAGE) | parameters)

    def settings(self) -> Settings:
        """Return what the functions read of the environment that the app stack gives them."""
        values = {"Stage": STAGE, **self.outputs, "CodeBucket": "", "CodeKey": ""}
        told = settings.when_run(templates.app(), values, lambda _: PASSWORD)
        return Settings.from_env(told | {"AWS_REGION": "us-east-1"})

    def connects_to(self) -> dict[str, list[str]]:
        """Return, of each function's role, what it may connect to by IAM."""
        return {name: self._connects_to(name) for name in ("ApiRoleArn", "InvalidateRoleArn")}

    def _connects_to(self, role: str) -> list[str]:
        iam, name = self._aws.client("iam"), self.outputs[role].rpartition("/")[2]
        policies = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        statements = [each for policy in policies for each in policy]
        connect = [each for each in statements if each["Action"] == "elasticache:Connect"]
        return [arn for each in connect for arn in each["Resource"]]

    def user(self) -> Any:
        """Return the functions' user, as ElastiCache lists it."""
        (user,) = self._aws.client("elasticache").describe_users(UserId="catalog-dev")["Users"]
        return user


def test_by_default_the_user_has_a_password_and_no_policy(aws: DeployEmulator) -> None:
    """Nobody connects by IAM, and the nodes are no cluster."""
    kept = Kept(aws)

    told = kept.settings()
    assert (False, True, None) == (told.redis_cluster, told.redis_tls, told.redis_iam_cache)
    assert ("catalog-dev", PASSWORD) == (told.redis_username, told.redis_password)
    assert {"ApiRoleArn": [], "InvalidateRoleArn": []} == kept.connects_to()
    assert "cluster" not in kept.outputs["RedisAccess"]


def test_by_iam_the_functions_may_connect_and_know_no_password(aws: DeployEmulator) -> None:
    """To this cache, as this user, and to nothing else; there is no secret to keep."""
    kept = Kept(aws, RedisAuth="iam")

    told, user = kept.settings(), kept.user()
    assert (None, "catalog-dev") == (told.redis_password, told.redis_username)
    assert user["UserId"] == user["UserName"]
    arns = [told.redis_iam_cache, user["ARN"]]
    assert {"ApiRoleArn": arns, "InvalidateRoleArn": arns} == kept.connects_to()
    assert "" == kept.outputs["RedisPasswordArn"]


def test_more_shards_are_a_cluster(aws: DeployEmulator) -> None:
    """The functions are told so, and their user may ask who has which keys."""
    kept = Kept(aws, CacheShards="3", CacheNodes="2")

    assert kept.settings().redis_cluster
    assert kept.outputs["RedisAccess"].endswith(" +ping +cluster|slots +asking")
