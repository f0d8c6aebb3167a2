"""Deployed with ElastiCache nodes: the network, who may connect to the cache, and how it goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy with nodes, which the emulator lists and does not run. The last test removes them."""
    logs = tmp_path_factory.mktemp("logs")
    with deployed(logs, Cache="nodes", CacheNodes="2", WriteAccess="open") as site:
        yield site


def test_only_the_functions_connect_to_the_cache(site: Site) -> None:
    """No inbound connections to the functions are allowed, and none from the cache."""
    groups = site.aws.client("ec2").describe_security_groups()["SecurityGroups"]
    functions = site.outputs["FunctionsGroupId"]
    cache = next(each for each in groups if "CacheGroup" in each["GroupName"])
    (opening,) = cache["IpPermissions"]

    assert (6379, 6379) == (opening["FromPort"], opening["ToPort"])
    assert [functions] == [each["GroupId"] for each in opening["UserIdGroupPairs"]]
    assert [] == opening["IpRanges"]
    assert [] == next(each for each in groups if each["GroupId"] == functions)["IpPermissions"]


def test_the_one_way_out_leads_to_dynamodb(site: Site) -> None:
    """Two subnets in two zones, without NAT and internet gateway."""
    ec2 = site.aws.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=site.outputs["SubnetIds"].split(","))["Subnets"]
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    attached = [{"Name": "attachment.vpc-id", "Values": [endpoint["VpcId"]]}]

    assert 2 == len({each["AvailabilityZone"] for each in subnets})
    assert {endpoint["VpcId"]} == {each["VpcId"] for each in subnets}
    assert "Gateway" == endpoint["VpcEndpointType"]
    assert endpoint["ServiceName"].endswith(".dynamodb")
    assert [] == ec2.describe_nat_gateways()["NatGateways"]
    assert [] == ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]


def test_the_cache_is_encrypted_and_has_a_replica(site: Site) -> None:
    """TLS in transit, encryption at rest, and users instead of a shared token."""
    (group,) = site.aws.client("elasticache").describe_replication_groups()["ReplicationGroups"]

    assert (True, True) == (group["TransitEncryptionEnabled"], group["AtRestEncryptionEnabled"])
    assert ["catalog-dev"] == group["UserGroupIds"]
    assert "enabled" == group["AutomaticFailover"]
    assert "true" == site.outputs["RedisTls"]


def test_an_unreachable_cache_is_bypassed(site: Site) -> None:
    """The emulator's nodes do not listen. Every read goes to DynamoDB."""
    anyone = Caller(site)

    assert _reads_past_the_cache(anyone, anyone.create())
    health = anyone.ask("GET", "/health")
    assert (200, "disconnected") == (health.status, health.json["redis"])


def test_the_functions_leave_the_network_before_it_is_removed(site: Site) -> None:
    """
    It is their way to DynamoDB, and a subnet stays while Lambda has an interface in it.

    Without a cache, every read goes to DynamoDB.
    """
    anyone = Caller(site)
    product = anyone.create()
    ec2 = site.aws.client("ec2")
    subnet_ids = site.outputs["SubnetIds"].split(",")
    interface = ec2.create_network_interface(
        SubnetId=subnet_ids[0], Groups=[site.outputs["FunctionsGroupId"]]
    )["NetworkInterface"]["NetworkInterfaceId"]
    seen: list[Any] = []
    timer = threading.Timer(8, lambda: seen.append(_removed(site, interface)))
    timer.start()

    site.up(Cache="none")

    timer.join()
    assert [([], 2)] == seen
    assert _reads_past_the_cache(anyone, product)
    left = [{"Name": "subnet-id", "Values": subnet_ids}]
    assert [] == ec2.describe_subnets(Filters=left)["Subnets"]


def _reads_past_the_cache(caller: Caller, product: Any) -> bool:
    answers = [caller.ask("GET", f"/products/{product['id']}") for _ in range(2)]
    return [("BYPASS", product)] * 2 == [(each.headers["X-Cache"], each.json) for each in answers]


def _removed(site: Site, interface: str) -> tuple[list[str], int]:
    """Remove Lambda's interface. Return the functions' subnets, and how many subnets exist."""
    name = site.outputs["APIHandlerName"]
    found = site.aws.client("lambda").get_function_configuration(FunctionName=name)
    ec2 = site.aws.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=site.outputs["SubnetIds"].split(","))["Subnets"]
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    return found.get("VpcConfig", {}).get("SubnetIds", []), len(subnets)
