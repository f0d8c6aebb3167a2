"""What a node's answer to CLUSTER SLOTS says of keys."""

import pytest
from chalicelib.redis_slots import Address, Redirection, SlotMap, slot_of
from hypothesis import example, given
from hypothesis import strategies as st
from redis.crc import key_slot

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
    assert (ONE, TWO) == MAP.primaries


def test_without_an_answer_nothing_is_known() -> None:
    """A map before the first one."""
    assert (None, ()) == (SlotMap().primary_of("foo"), SlotMap().nodes)


@pytest.mark.parametrize("name", [b"", None, b"?"])
def test_a_node_without_a_name_is_where_it_was_asked(name: bytes | None) -> None:
    """A node that has met no other does not know its own address."""
    alone = SlotMap([[0, 16383, [name, 6380, b"an id"]]], ASKED)

    assert Address("cache.example", 6380) == alone.primary_of("foo")


@given(st.text(alphabet="{}ab-é"))
@example("product:{1}")
@example("{}tail")
@example("{open")
@example("a{b}{c}")
def test_a_key_s_slot_is_the_one_that_redis_counts(key: str) -> None:
    """As redis-py counts it, braces and all."""
    assert key_slot(key.encode()) == slot_of(key)


@pytest.mark.parametrize(
    ("answer", "to", "for_good"),
    [
        ("MOVED 866 10.0.0.1:7001", ONE, True),
        ("ASK 866 10.0.0.1:7001", ONE, False),
        ("MOVED 866 :7001", Address(ASKED.host, 7001), True),
        ("MOVED 866 ?:7001", Address(ASKED.host, 7001), True),
        ("MOVED 866 2001:db8::1:7001", Address("2001:db8::1", 7001), True),
    ],
)
def test_a_redirection_says_whom_to_ask(answer: str, to: Address, *, for_good: bool) -> None:
    """And for how long. A node without a name is where it was asked."""
    assert Redirection(to, for_good) == Redirection.of(answer, ASKED)


@pytest.mark.parametrize("answer", ["CLUSTERDOWN Hash slot not served", "MOVED 866", "ASK", ""])
def test_another_refusal_is_no_redirection(answer: str) -> None:
    """It is trouble, so the map is in doubt."""
    assert Redirection.of(answer, ASKED) is None
