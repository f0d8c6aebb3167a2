"""Failed first deployments, protected stages, and the order of updates."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from dev.deploy import stages, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.failure import DeployFailed
from dev.deploy.release import Release
from dev.deploy.stack import Stack

_QUEUE = {"Type": "AWS::SQS::Queue"}
_BROKEN = {**_QUEUE, "Properties": {"QueueName": "{{resolve:secretsmanager:none:SecretString}}"}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployEmulator]:
    """Start an empty AWS. Each test has its own stacks."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield aws


class Stage:
    """The data stack of a stage with cache nodes."""

    def __init__(self, aws: DeployEmulator, name: str) -> None:
        self._name = name
        self.release = Release(SimpleNamespace(client=aws.client), name, poll_seconds=0.1)

    def keep(self, **parameters: str) -> dict[str, str]:
        given = stages.read(self._name) | {"Cache": "nodes"} | parameters
        return self.release.keep(templates.data(), given)


def test_a_failed_first_deployment_can_be_repeated(aws: DeployEmulator) -> None:
    """
    It reports the first failure and leaves nothing. The next one starts from nothing.

    A protected table could not be removed, so it is protected once the stack is complete.
    """
    elasticache, dynamodb = aws.client("elasticache"), aws.client("dynamodb")
    user = {"UserId": "catalog-prod", "UserName": "catalog-prod"}
    elasticache.create_user(**user, Engine="valkey", AccessString="on", NoPasswordRequired=True)
    prod = Stage(aws, "prod")

    with pytest.raises(
        DeployFailed, match=r"DELETE_COMPLETE\. First failure: RedisUser: .*catalog-prod already"
    ):
        prod.keep()
    assert not prod.release.data.exists()
    assert [] == dynamodb.list_tables()["TableNames"]

    elasticache.delete_user(UserId="catalog-prod")
    prod.keep()
    assert dynamodb.describe_table(TableName="products-prod")["Table"]["DeletionProtectionEnabled"]
    assert prod.release.data.is_protected()


def test_a_protected_stage_is_not_removed(aws: DeployEmulator) -> None:
    """Nothing is removed before the protection is lifted. The refusal names the command."""
    prod, dynamodb = Stage(aws, "prod"), aws.client("dynamodb")
    prod.keep()

    with pytest.raises(DeployFailed, match=r"data --stage prod --yes Protected=false"):
        prod.release.down(data_too=True)
    assert prod.release.data.exists()

    prod.keep(Protected="false")
    dynamodb.update_table(TableName="products-prod", DeletionProtectionEnabled=True)
    with pytest.raises(DeployFailed, match="products-prod is protected"):
        prod.release.down(data_too=True)

    dynamodb.update_table(TableName="products-prod", DeletionProtectionEnabled=False)
    prod.release.down(data_too=True)
    assert not prod.release.data.exists()


@pytest.mark.parametrize("left", ["DO_NOTHING", "ROLLBACK"])
def test_the_rest_of_a_failed_creation_is_removed_first(aws: DeployEmulator, left: str) -> None:
    """CloudFormation accepts no update of such a stack."""
    cloudformation = aws.client("cloudformation")
    stack = Stack(cloudformation, f"left-by-{left.replace('_', '-')}", poll_seconds=0.1)
    resources = '{"Resources": {"Broken": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": '
    body = resources + '"{{resolve:secretsmanager:none:SecretString}}"}}}}'
    cloudformation.create_stack(StackName=stack.name, TemplateBody=body, OnFailure=left)

    outputs = {"Queue": {"Value": {"Ref": "Queue"}}}
    assert {"Queue"} == stack.deploy(
        {"Resources": {"Queue": _QUEUE}, "Outputs": outputs}, {}
    ).keys()
    assert stack.exists()


def test_a_deployment_does_not_continue_a_failed_removal(aws: DeployEmulator) -> None:
    """The stack was in use and may contain data. `make destroy` finishes its removal."""
    stack = Stack(aws.client("cloudformation"), "half-gone", poll_seconds=0.1)
    network = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/24"}}
    outputs = {"Id": {"Value": {"Ref": "Network"}}}
    template = {"Resources": {"Network": network}, "Outputs": outputs}
    made = stack.deploy(template, {})
    aws.client("ec2").create_subnet(VpcId=made["Id"], CidrBlock="10.1.0.0/25")

    with pytest.raises(DeployFailed, match=r"DELETE_FAILED\. First failure: Network"):
        stack.delete()
    with pytest.raises(DeployFailed, match="make destroy ARGS=--data"):
        stack.deploy(template, {})
    assert 1 == len(aws.client("ec2").describe_vpcs(VpcIds=[made["Id"]])["Vpcs"])


def test_the_first_cause_is_found_among_many_events(
    aws: DeployEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page has the newest hundred events. All are shown, the oldest first."""
    stack = Stack(aws.client("cloudformation"), "many", poll_seconds=5)
    queues = {f"Queue{n:02}": _QUEUE for n in range(60)}
    broken = {**_BROKEN, "DependsOn": sorted(queues)}

    with pytest.raises(DeployFailed, match=r"Broken: .*secret none"):
        stack.deploy({"Resources": {**queues, "Broken": broken}}, {})

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 200
    assert lines[1].endswith("CREATE_IN_PROGRESS          many")
    assert lines[-1].endswith("DELETE_COMPLETE             many")


def test_failover_is_enabled_only_with_a_replica(aws: DeployEmulator) -> None:
    """ElastiCache refuses both in one step, and keeps the last replica while failover is on."""
    dev = Stage(aws, "dev")

    def keep(nodes: str) -> tuple[int, str]:
        before = _updates(aws)
        dev.keep(CacheNodes=nodes)
        (group,) = aws.client("elasticache").describe_replication_groups()["ReplicationGroups"]
        return _updates(aws) - before, group["AutomaticFailover"]

    assert (0, "disabled") == keep("1")
    assert (2, "enabled") == keep("2")
    assert (1, "enabled") == keep("3")
    assert (2, "disabled") == keep("1")


def test_a_cluster_without_replicas_is_refused(aws: DeployEmulator) -> None:
    """
    By a rule of the template, before anything is created.

    It would be created, and no later update would succeed (issue 1275 of CloudFormation's roadmap).
    """
    prod = Stage(aws, "prod")

    with pytest.raises(Exception, match="need CacheNodes of 2 or more"):
        prod.keep(CacheShards="2", CacheNodes="1")
    assert not prod.release.data.exists()


def _updates(aws: DeployEmulator) -> int:
    """Return how many updates of the stage `dev` were made."""
    cloudformation = aws.client("cloudformation")
    name = "product-catalog-dev-data"
    if name not in {each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]}:
        return 0
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    events = [event for page in pages for event in page["StackEvents"]]
    done = [each for each in events if each["ResourceStatus"] == "UPDATE_COMPLETE"]
    return len([each for each in done if each["LogicalResourceId"] == name])
