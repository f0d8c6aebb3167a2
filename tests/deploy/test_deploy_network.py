"""The stage as it is with ElastiCache nodes: its network, and who may connect to the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy with nodes, which the emulator lists and does not run."""
    logs = tmp_path_factory.mktemp("logs")
    with deployed(logs, Cache="nodes", CacheNodes="2", WriteAccess="open") as site:
        yield site


def test_only_the_functions_connect_to_the_cache(site: Site) -> None:
    """Nothing connects to them, and the cache connects to nobody."""
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

    assert 2 == len({each["AvailabilityZone"] for each in subnets})
    assert {endpoint["VpcId"]} == {each["VpcId"] for each in subnets}
    assert ("Gateway", True) == (
        endpoint["VpcEndpointType"],
        endpoint["ServiceName"].endswith(".dynamodb"),
    )
    assert [] == ec2.describe_nat_gateways()["NatGateways"]
    assert [] == _gateways_of(ec2, endpoint["VpcId"])


def test_the_cache_is_encrypted_and_has_a_replica(site: Site) -> None:
    """TLS on the way, encryption at rest, users instead of a token for all."""
    (group,) = site.aws.client("elasticache").describe_replication_groups()["ReplicationGroups"]

    assert (True, True) == (group["TransitEncryptionEnabled"], group["AtRestEncryptionEnabled"])
    assert ["catalog-dev"] == group["UserGroupIds"]
    assert "enabled" == group["AutomaticFailover"]
    assert "true" == site.outputs["RedisTls"]


def test_a_stage_whose_cache_is_out_of_reach_answers_all_the_same(site: Site) -> None:
    """The emulator's nodes do not listen: every read goes past them."""
    anyone = Caller(site)
    product = anyone.create()
    answer = anyone.ask("GET", f"/products/{product['id']}")

    assert (200, "BYPASS", product) == (answer.status, answer.headers["X-Cache"], answer.json)
    health = anyone.ask("GET", "/health")
    assert (200, "disconnected") == (health.status, health.json["redis"])


def _gateways_of(ec2: Any, network: str) -> list[Any]:
    attached = [{"Name": "attachment.vpc-id", "Values": [network]}]
    gateways: list[Any] = ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]
    return gateways
