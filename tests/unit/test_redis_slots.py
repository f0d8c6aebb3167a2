"""What a node's answer to CLUSTER SLOTS says of keys."""

import pytest
from redis.exceptions import AskError

from chalicelib.redis_store.slots import Address, SlotMap, target_of

ASKED = Address("cache.example", 6379)
ONE, TWO, REPLICA = Address("10.0.0.1", 7001), Address("10.0.0.2", 7002), Address("10.0.0.3", 7003)


def _told(node: Address) -> list[object]:
    return [node.host.encode(), node.port, b"an id", []]


# "foo" is in slot 12182, "bar" in 5061, "hello" in 866: Redis's own documentation counts so.
MAP = SlotMap([[0, 999, _told(ONE), _told(REPLICA)], [10000, 16383, _told(TWO)]], ASKED)


@pytest.mark.parametrize(("key", "primary"), [("hello", ONE), ("foo", TWO), ("bar", None)])
def test_a_key_belongs_to_the_primary_of_its_slot(key: str, primary: Address | None) -> None:
    """A slot that nobody has belongs to nobody."""
    assert primary == MAP.primary_of(key)


def test_replicas_can_be_asked_for_the_map_and_for_no_key() -> None:
    """One of them is left when its primary dies."""
    assert (ONE, REPLICA, TWO) == MAP.nodes
    assert {ONE, TWO} == MAP.primaries


def test_each_primary_has_a_key() -> None:
    """So a check can write to each of them, on keys of one pattern."""
    keys = MAP.a_key_of_each("product:health")

    assert {ONE, TWO} == {MAP.primary_of(key) for key in keys}
    assert all(key.startswith("product:health") for key in keys)
    assert 2 == len(keys)


def test_a_cluster_without_slots_has_no_keys() -> None:
    """A node that has just been made."""
    empty = SlotMap([], ASKED)

    assert (None, (), []) == (empty.primary_of("foo"), empty.nodes, empty.a_key_of_each("k"))


@pytest.mark.parametrize("name", [b"", None, b"?"])
def test_a_node_without_a_name_is_where_it_was_asked(name: bytes | None) -> None:
    """A node that has met no other does not know its own address."""
    alone = SlotMap([[0, 16383, [name, 6380, b"an id"]]], ASKED)

    assert Address("cache.example", 6380) == alone.primary_of("foo")


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("866 10.0.0.1:7001", ONE),
        ("866 :7001", Address(ASKED.host, 7001)),
        ("866 ?:7001", Address(ASKED.host, 7001)),
        ("866 2001:db8::1:7001", Address("2001:db8::1", 7001)),
    ],
)
def test_a_redirection_names_a_node(answer: str, target: Address) -> None:
    """A node without a name is where it was asked."""
    assert target == target_of(AskError(answer), ASKED)
