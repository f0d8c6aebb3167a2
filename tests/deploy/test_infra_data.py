"""The data stack's template where the emulator cannot show what it means."""

from typing import Any

import pytest

from dev.deploy import stages, templates

_DATA = templates.data()
_NODES = _DATA["Resources"]["NodesCache"]["Properties"]


def _where(value: Any, *conditions: str) -> Any:
    """Return the value of an `If` when only these conditions hold."""
    while isinstance(value, dict) and "Fn::If" in value:
        condition, yes, no = value["Fn::If"]
        value = yes if condition in conditions else no
    return value


def test_the_deployed_table_extends_the_local_one() -> None:
    """Keys, indexes and stream come from `infra/tables/`. Recovery and protection are added."""
    tables = templates.merged(templates.parts(templates.INFRA / "tables"))
    local = tables["Resources"]["ProductsTable"]["Properties"]
    deployed = _DATA["Resources"]["ProductsTable"]["Properties"]

    assert local.items() <= deployed.items()
    recovery = {"PointInTimeRecoveryEnabled": True}
    assert recovery == deployed["PointInTimeRecoverySpecification"]
    assert "DeletionProtectionEnabled" in deployed


def test_prod_is_protected_by_default() -> None:
    """A stage is protected unless it says otherwise."""
    assert "true" == _DATA["Parameters"]["Protected"]["Default"]
    assert "Protected" not in stages.read("prod")


def test_only_network_and_traces_have_policies_for_every_resource() -> None:
    """X-Ray has no resources to name. The network's actions are denied to the functions' code."""
    everywhere = [
        (name, statement)
        for name, resource in _DATA["Resources"].items()
        for document in _policies(resource)
        for statement in document["Statement"]
        if statement.get("Resource") == "*"
    ]

    traces, allowed, denied = everywhere
    assert ("TracingPolicy", "Allow") == (traces[0], traces[1]["Effect"])
    assert all(action.startswith("xray:Put") for action in traces[1]["Action"])
    assert [("NetworkPolicy", "Allow"), ("NetworkPolicy", "Deny")] == [
        (name, statement["Effect"]) for name, statement in (allowed, denied)
    ]
    assert allowed[1]["Action"] == denied[1]["Action"]


def test_a_serverless_cache_has_limits_and_its_own_right_to_connect() -> None:
    """Storage and work are paid by use. By IAM, only this cache and this user are allowed."""
    limits = _DATA["Resources"]["ServerlessCache"]["Properties"]["CacheUsageLimits"]
    policy = _DATA["Resources"]["ConnectPolicy"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    arns = [_where(arn, "IsServerless")["Fn::Sub"] for arn in statement["Resource"]]

    assert {
        "DataStorage": {"Maximum": {"Ref": "CacheMaxGigabytes"}, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": {"Ref": "CacheMaxEcpuPerSecond"}},
    } == limits
    assert ["serverlesscache", "user"] == [arn.split(":")[-2] for arn in arns]


def test_a_user_authenticates_by_iam_or_by_password() -> None:
    """The emulator does not distinguish them."""
    mode = _DATA["Resources"]["RedisUser"]["Properties"]["AuthenticationMode"]

    assert {"Type": "iam"} == _where(mode, "UsesIam")
    assert "password" == _where(mode)["Type"]


@pytest.mark.parametrize("name", ["NumNodeGroups", "ReplicasPerNodeGroup", "NumCacheClusters"])
def test_nodes_are_counted_by_shard_or_in_total(name: str) -> None:
    """CloudFormation accepts one way of counting at a time."""
    nothing = {"Ref": "AWS::NoValue"}

    assert (nothing == _where(_NODES[name])) == (name != "NumCacheClusters")
    assert (nothing == _where(_NODES[name], "IsCluster")) == (name == "NumCacheClusters")


def test_all_nodes_of_a_shard_but_one_are_replicas() -> None:
    """For each number of nodes that the parameter allows. A cluster always fails over."""
    low, high = (_DATA["Parameters"]["CacheNodes"][name] for name in ("MinValue", "MaxValue"))

    assert {str(n): {"Each": n - 1} for n in range(low, high + 1)} == _DATA["Mappings"]["Replicas"]
    for name in ("AutomaticFailoverEnabled", "MultiAZEnabled"):
        assert (True, False) == (_where(_NODES[name], "FailsOver"), _where(_NODES[name]))


def test_availability_zones_can_be_named() -> None:
    """Lambda does not support each of a region's first two zones: us-east-1 has an exception."""
    for subnet, zone in (("SubnetA", "ZoneA"), ("SubnetB", "ZoneB")):
        named = _DATA["Resources"][subnet]["Properties"]["AvailabilityZone"]
        assert {"Ref": zone} == _where(named, "NamesZones")
        assert "Fn::Select" in _where(named)


def _policies(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    own = properties.get("PolicyDocument")
    return [*inline, own] if own else inline
