"""What the template of the cache says of its user and its nodes, by its conditions."""

from typing import Any

import pytest

from dev.deploy import release, settings, templates

_DATA = templates.data()
_USER = _DATA["Resources"]["RedisUser"]["Properties"]
_NODES = _DATA["Resources"]["NodesCache"]["Properties"]


def _where(value: Any, *conditions: str) -> Any:
    """Return what an `If` comes to where these conditions hold and no other does."""
    while isinstance(value, dict) and "Fn::If" in value:
        condition, yes, no = value["Fn::If"]
        value = yes if condition in conditions else no
    return value


def test_a_user_of_iam_has_no_password() -> None:
    """ElastiCache takes a token for it, and wants its id for its name."""
    assert {"Type": "iam"} == _where(_USER["AuthenticationMode"], "UsesIam")
    assert "password" == _where(_USER["AuthenticationMode"])["Type"]
    assert _USER["UserId"] == _USER["UserName"]
    assert "UsesPassword" == _DATA["Resources"]["RedisPassword"]["Condition"]


def test_leave_to_connect_is_given_where_iam_is_asked_only() -> None:
    """To the two functions, for this cache and this user."""
    policy = _DATA["Resources"]["ConnectPolicy"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

    assert "UsesIam" == policy["Condition"]
    assert "elasticache:Connect" == statement["Action"]
    kinds = [
        _where(arn, *conditions)["Fn::Sub"].split(":")[-2]
        for conditions in (["IsServerless"], [])
        for arn in statement["Resource"]
    ]
    assert ["serverlesscache", "user", "replicationgroup", "user"] == kinds


def test_the_users_of_a_cluster_may_send_its_commands() -> None:
    """In addition to those of every Redis; elsewhere the user is denied them."""
    assert "Fn::Join" in _where(_USER["AccessString"], "IsCluster")
    assert "Fn::FindInMap" in _where(_USER["AccessString"])


@pytest.mark.parametrize("name", ["NumNodeGroups", "ReplicasPerNodeGroup", "NumCacheClusters"])
def test_nodes_are_counted_by_shard_or_in_all(name: str) -> None:
    """CloudFormation takes one way of counting at a time."""
    nothing = {"Ref": "AWS::NoValue"}

    assert (nothing == _where(_NODES[name])) == (name != "NumCacheClusters")
    assert (nothing == _where(_NODES[name], "IsCluster")) == (name == "NumCacheClusters")


def test_of_the_nodes_of_a_shard_all_but_one_are_replicas() -> None:
    """For each number of nodes that the parameter takes; a cluster fails over by itself."""
    low, high = (_DATA["Parameters"]["CacheNodes"][name] for name in ("MinValue", "MaxValue"))

    assert {str(n): {"Each": n - 1} for n in range(low, high + 1)} == _DATA["Mappings"]["Replicas"]
    for name in ("AutomaticFailoverEnabled", "MultiAZEnabled"):
        assert (True, False) == (_where(_NODES[name], "FailsOver"), _where(_NODES[name]))


def test_a_cluster_without_replicas_is_refused_before_anything_is_made() -> None:
    """
    It would be made, and no later update of it would succeed.

    "Replication group must have at least one read replica to enable autofailover": issue 1275 of
    CloudFormation's coverage roadmap.
    """
    rule = _DATA["Rules"]["ShardsHaveReplicas"]

    is_nodes, is_cluster = rule["RuleCondition"]["Fn::And"]
    assert {"Fn::Equals": [{"Ref": "Cache"}, "nodes"]} == is_nodes
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "CacheShards"}, "1"]}]} == is_cluster
    (assertion,) = rule["Assertions"]
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "CacheNodes"}, "1"]}]} == assertion["Assert"]


def test_zones_may_be_named() -> None:
    """Where the region's first two are none of Lambda's: us-east-1 has such a zone."""
    for subnet, zone in (("SubnetA", "ZoneA"), ("SubnetB", "ZoneB")):
        named = _DATA["Resources"][subnet]["Properties"]["AvailabilityZone"]
        assert {"Ref": zone} == _where(named, "NamesZones")
        assert "Fn::Select" in _where(named)


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("1", "2", [("2", "false"), ("2", "true")]),
        ("2", "3", [("3", "true")]),
        ("3", "1", [("3", "false"), ("1", "true")]),
        ("1", "1", [("1", "true")]),
    ],
)
def test_failover_is_on_only_where_a_replica_is(
    before: str, after: str, steps: list[tuple[str, str]]
) -> None:
    """
    A first replica comes in one update, failover in the next; and the other way round.

    "Replication group must have at least one read replica to enable autofailover": issue 383 of
    CloudFormation's coverage roadmap.
    """
    nodes = settings.known(_DATA, {"Stage": "dev", "Cache": "nodes", "Protected": "false"})
    updates = release.steps(nodes | {"CacheNodes": before}, nodes | {"CacheNodes": after})

    assert steps == [(each["CacheNodes"], each["CacheFailover"]) for each in updates]


def test_a_new_table_is_protected_by_the_update_after_its_creation() -> None:
    """A creation that fails removes what it made; one that is there already stays as it is."""
    wanted = settings.known(_DATA, {"Stage": "prod", "Cache": "none"})

    assert ["false", "true"] == [each["Protected"] for each in release.steps({}, wanted)]
    assert ["true"] == [each["Protected"] for each in release.steps(wanted, wanted)]
