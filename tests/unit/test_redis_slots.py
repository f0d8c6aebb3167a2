"""The map of slots from a node's reply to CLUSTER SLOTS."""

import pytest
from redis.exceptions import AskError

from chalicelib.redis_store.slots import Address, SlotMap, target_of

SEED = Address("cache.example", 6379)
ONE, TWO, REPLICA = Address("10.0.0.1", 7001), Address("10.0.0.2", 7002), Address("10.0.0.3", 7003)


def _described(node: Address) -> list[object]:
    return [node.host.encode(), node.port, b"an id", []]


# "foo" is in slot 12182, "bar" in 5061, "hello" in 866: Redis's own documentation counts so.
MAP = SlotMap(
    [[0, 999, _described(ONE), _described(REPLICA)], [10000, 16383, _described(TWO)]], SEED
)


@pytest.mark.parametrize(("key", "primary"), [("hello", ONE), ("foo", TWO), ("bar", None)])
def test_a_key_belongs_to_the_primary_of_its_slot(key: str, primary: Address | None) -> None:
    """A slot without a node has no primary."""
    assert primary == MAP.primary_of(key)


def test_replicas_are_nodes_but_not_primaries() -> None:
    """They can return the map when a primary dies."""
    assert (ONE, REPLICA, TWO) == MAP.nodes
    assert {ONE, TWO} == MAP.primaries


def test_each_primary_has_a_key() -> None:
    """So a check can write to each of them, with keys of one pattern."""
    keys = MAP.a_key_of_each("product:health")

    assert {ONE, TWO} == {MAP.primary_of(key) for key in keys}
    assert all(key.startswith("product:health") for key in keys)
    assert 2 == len(keys)


def test_a_cluster_without_slots_has_no_keys() -> None:
    """As of a new node."""
    empty = SlotMap([], SEED)

    assert (None, (), []) == (empty.primary_of("foo"), empty.nodes, empty.a_key_of_each("k"))


@pytest.mark.parametrize("name", [b"", None, b"?"])
def test_a_node_without_a_name_has_the_address_of_the_reply(name: bytes | None) -> None:
    """A node without neighbours does not know its own address."""
    alone = SlotMap([[0, 16383, [name, 6380, b"an id"]]], SEED)

    assert Address("cache.example", 6380) == alone.primary_of("foo")


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("866 10.0.0.1:7001", ONE),
        ("866 :7001", Address(SEED.host, 7001)),
        ("866 ?:7001", Address(SEED.host, 7001)),
        ("866 2001:db8::1:7001", Address("2001:db8::1", 7001)),
    ],
)
def test_a_redirection_names_a_node(answer: str, target: Address) -> None:
    """A node without a name has the address of the reply."""
    assert target == target_of(AskError(answer), SEED)
