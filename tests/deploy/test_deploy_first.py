"""First deployments that fail, are mended and repeated; protected stages; the order of updates."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dev.deploy import stages, templates
from dev.deploy.emulator import DeployEmulator
from dev.deploy.failure import DeployFailed
from dev.deploy.release import Release
from dev.deploy.stack import Stack
from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, empty

_QUEUE = {"Type": "AWS::SQS::Queue"}
_BROKEN = {**_QUEUE, "Properties": {"QueueName": "{{resolve:secretsmanager:none:SecretString}}"}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployEmulator]:
    """Start an AWS without anything in it."""
    with DeployEmulator(tmp_path_factory.mktemp("logs") / "aws.log") as aws:
        yield aws


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start an AWS and a Valkey with nothing in them."""
    with empty(tmp_path_factory.mktemp("logs")) as site:
        yield site


class Prod:
    """The data stack of the stage `prod`."""

    def __init__(self, aws: DeployEmulator) -> None:
        self.release = Release(SimpleNamespace(client=aws.client), "prod", poll_seconds=0.1)

    def keep(self, **parameters: str) -> dict[str, str]:
        given = stages.read("prod") | {"Cache": "nodes"} | parameters
        return self.release.keep(templates.data(), given)


def test_a_first_deployment_fails_is_mended_and_repeated(aws: DeployEmulator) -> None:
    """
    It says what failed first and leaves nothing; the next one starts from nothing.

    A protected table could not be removed, so it is protected once the stack is complete.
    """
    elasticache, dynamodb = aws.client("elasticache"), aws.client("dynamodb")
    user = {"UserId": "catalog-prod", "UserName": "catalog-prod"}
    elasticache.create_user(**user, Engine="valkey", AccessString="on", NoPasswordRequired=True)
    prod = Prod(aws)

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


def test_a_protected_stage_refuses_to_go_until_that_is_lifted(aws: DeployEmulator) -> None:
    """Before anything is removed; the refusal has the command that lifts it."""
    prod, dynamodb = Prod(aws), aws.client("dynamodb")
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
def test_what_a_failed_creation_left_is_removed_first(aws: DeployEmulator, left: str) -> None:
    """CloudFormation takes no update of such a stack."""
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


def test_a_removal_that_did_not_end_is_not_ended_by_a_deployment(aws: DeployEmulator) -> None:
    """What was in use once is removed by who asks for that."""
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


def test_the_first_cause_is_found_beyond_the_first_page_of_events(
    aws: DeployEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest events come first, a hundred a page; each is shown, the oldest first."""
    stack = Stack(aws.client("cloudformation"), "many", poll_seconds=5)
    queues = {f"Queue{n:02}": _QUEUE for n in range(60)}
    broken = {**_BROKEN, "DependsOn": sorted(queues)}

    with pytest.raises(DeployFailed, match=r"Broken: .*secret none"):
        stack.deploy({"Resources": {**queues, "Broken": broken}}, {})

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 200
    assert lines[1].endswith("CREATE_IN_PROGRESS          many")
    assert lines[-1].endswith("DELETE_COMPLETE             many")


def test_the_functions_leave_a_network_before_it_goes(site: Site) -> None:
    """It is their way to DynamoDB, and no subnet goes while Lambda has an interface in it."""
    site.up(Cache="nodes", CacheNodes="1", WriteAccess="open")
    anyone = Caller(site)
    product = anyone.create()
    ec2 = site.aws.client("ec2")
    interface = ec2.create_network_interface(
        SubnetId=site.outputs["SubnetIds"].split(",")[0], Groups=[site.outputs["FunctionsGroupId"]]
    )["NetworkInterface"]["NetworkInterfaceId"]
    seen: list[Any] = []
    timer = threading.Timer(8, lambda: seen.append(_given_back(site, interface)))
    timer.start()

    site.up(Cache="none")

    timer.join()
    assert [([], True)] == seen
    assert product == anyone.ask("GET", f"/products/{product['id']}").json
    assert (
        [] == ec2.describe_subnets(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/25"]}])["Subnets"]
    )


def _given_back(site: Site, interface: str) -> tuple[list[str], bool]:
    """Remove Lambda's interface; return the functions' subnets, and whether the network stays."""
    name = site.outputs["APIHandlerName"]
    found = site.aws.client("lambda").get_function_configuration(FunctionName=name)
    ec2 = site.aws.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=site.outputs["SubnetIds"].split(","))["Subnets"]
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    return found.get("VpcConfig", {}).get("SubnetIds", []), 2 == len(subnets)


def test_a_first_replica_comes_before_failover(aws: DeployEmulator) -> None:
    """ElastiCache refuses both in one step, and keeps the last replica while failover is on."""
    release = Release(SimpleNamespace(client=aws.client), "dev", poll_seconds=0.1)

    def keep(nodes: str) -> tuple[int, str]:
        before = _updates(aws)
        given = stages.read("dev") | {"CacheNodes": nodes}
        release.keep(templates.data(), given)
        (group,) = aws.client("elasticache").describe_replication_groups()["ReplicationGroups"]
        return _updates(aws) - before, group["AutomaticFailover"]

    assert (0, "disabled") == keep("1")
    assert (2, "enabled") == keep("2")
    assert (1, "enabled") == keep("3")
    assert (2, "disabled") == keep("1")


def test_a_cluster_without_replicas_is_refused(aws: DeployEmulator) -> None:
    """By the template's rule, before anything is made."""
    release = Release(SimpleNamespace(client=aws.client), "shards", poll_seconds=0.1)
    given = {"Stage": "shards", "Protected": "false", "Cache": "nodes"}

    with pytest.raises(Exception, match="need CacheNodes of 2 or more"):
        release.keep(templates.data(), given | {"CacheShards": "2", "CacheNodes": "1"})
    assert not release.data.exists()


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
