"""Promise 1 in every interleaving of readers and writers, with every single fault."""

import re

import pytest

from tests.protocol.cases import (
    CONDITION,
    REAL,
    STREAM,
    STREAMED_DELETION,
    STRICT,
    THREE_WRITERS,
    TWO_WRITERS,
    WEAKENED,
    WEAKENED_STREAMS,
)
from tests.protocol.explore import Exploration, Explorer
from tests.protocol.points import FEW_POLLS, Protocol
from tests.protocol.report import first_violation
from tests.protocol.states import Setup
from tests.protocol.world import World

NAIVE, _, WITHOUT_FENCE, ONE_TOKEN, *_, BY_GET = WEAKENED
FAULTLESS = {protocol.name for protocol in WEAKENED} - {
    WITHOUT_FENCE.name,
    ONE_TOKEN.name,
    BY_GET.name,
}
ONE_EACH = Setup("1 read, 1 update", (("get",),), (("update",),))


# The two largest take ten seconds each, so they are left to `make explore`.
@pytest.mark.timeout(600)  # six seconds of work, on a machine that may be busy
@pytest.mark.parametrize(
    ("protocol", "setup", "states"),
    [
        pytest.param(protocol, setup, states, id=f"{protocol.name}-{setup.name}")
        for protocol, setup, states in (
            (REAL, TWO_WRITERS, 179_476),
            (REAL, THREE_WRITERS, 19_256),
            (REAL, CONDITION, 8_631),
            (REAL, STREAM, 15_420),
            (REAL, STREAMED_DELETION, 23_114),
            (STRICT, THREE_WRITERS, 16_844),
        )
    ],
)
def test_one_fault_never_breaks_promise_1(protocol: Protocol, setup: Setup, states: int) -> None:
    """
    No read is stale, and no stale value stays in the cache at rest.

    A change of the protocol changes the counts: `docs/guarantees.md` has those of `make explore`.
    """
    assert Exploration(states) == Explorer(protocol, setup).explore(faults=1)


@pytest.mark.parametrize(
    "protocol", WEAKENED + WEAKENED_STREAMS, ids=lambda protocol: protocol.name
)
def test_every_weakened_protocol_breaks(protocol: Protocol) -> None:
    """Some break only with a fault, others by timing."""
    _, faults, found = first_violation(protocol)

    assert (0 if protocol.name in FAULTLESS else 1) == faults
    assert "was acknowledged" in found.broken


def test_two_faults_in_one_write_break_promise_1() -> None:
    """A lost fence and release keep an old value: see `chalicelib/caching/protocol.py`."""
    found = Explorer(REAL, TWO_WRITERS).explore(faults=2)

    assert found.broken
    assert ["fence", "release"] == lost_commands(found.steps)


def test_the_strict_policy_survives_a_lost_fence_and_release() -> None:
    """Only a fence evicted before the commit and a lost release break it."""
    found = Explorer(STRICT, TWO_WRITERS).explore(faults=2)

    assert ["release"] == lost_commands(found.steps)
    assert 1 == sum("is evicted" in step for step in found.steps)


def test_faults_in_different_writes_do_not_break_promise_1() -> None:
    """Two faults break the promise only in the same write."""
    found = Explorer(REAL, CONDITION, spread=True).explore(faults=2)

    assert "" == found.broken
    assert 20_000 < found.states


def test_reads_by_get_are_stale_while_redis_refuses_writes() -> None:
    """Fence and release are refused, and reads continue."""
    _, begins, fence, commit, release, get = first_violation(BY_GET)[2].steps

    assert "Redis begins to refuse writes" in begins
    assert "fence → READONLY" in fence
    assert "commits" in commit
    assert "release → READONLY, and is acknowledged" in release
    assert "GET → version 1" in get


@pytest.mark.timeout(600)
def test_the_stream_repairs_two_faults() -> None:
    """Promise 3: after delivery of a write's record, no read returns an older state."""
    found = Explorer(REAL, STREAM, delivered=True).explore(faults=2)

    assert "" == found.broken
    assert 50_000 < found.states


def test_every_kind_of_fault_is_explored() -> None:
    """Lost, late and failed operations, dying actors, and evicted or expired content."""
    explored = " ".join(moves_of(ONE_EACH, faults=1))

    for fault in (
        "GETEX → lost before it took effect",
        "SET NX, a lease → lost after it took effect",
        "SET NX, a lease → timed out, may take effect later",
        "loads from DynamoDB → fails",
        "reader A invalidate → 1",
        "fill version 1 → lost after it took effect",
        "fill version 2 → timed out, may take effect later",
        "fence → lost before it took effect",
        "fence → lost after it took effect",
        "commits an update → throttled, not committed",
        "commits an update → outcome unknown, not committed",
        "commits an update → outcome unknown, committed",
        "after its time-out, takes effect: commits an update → version 2",
        "release → lost before it took effect",
        "after its time-out, takes effect: release → 1",
        "reader A dies",
        "writer B dies",
        "the fence of B expires or is evicted",
        "lease of A expires",
        "version 1 expires",
        "Redis begins to refuse writes",
        "GETEX → READONLY",
        "SET NX, a lease → READONLY",
        "fence → READONLY",
        "fill version 1 → READONLY",
        "release → READONLY",
    ):
        assert fault in explored


def test_every_kind_of_fault_hits_the_stream() -> None:
    """Batches of any size are delivered, lost, late or refused, and retried."""
    explored = " ".join(moves_of(STREAM, faults=1))

    records = "stream records of version 2"
    for what in (
        f"{records}: invalidate version 2 → 0",
        f"{records}: invalidate version 2 → 1",
        f"{records}, version 3: invalidate version 3 → 1",
        f"{records}: invalidate version 2 → READONLY",
        f"{records}: invalidate version 2 → lost before it took effect",
        f"{records}: invalidate version 2 → lost after it took effect",
        f"{records}: invalidate version 2 → timed out, may take effect later",
        "stream after its time-out, takes effect: invalidate version 2 → 1",
        "Redis accepts writes again",
    ):
        assert what in explored


def test_without_faults_only_ttls_expire() -> None:
    """No command is lost, no actor dies, and no living writer's fence expires."""
    explored = " ".join(moves_of(ONE_EACH, faults=0))

    assert "version 1 expires" in explored
    assert not re.search("lost|late|fails|unknown|throttled|dies|evicted|READONLY", explored)


def test_a_stale_value_at_rest_is_found() -> None:
    """Even without another read."""
    found = Explorer(NAIVE, ONE_EACH).explore(faults=0)

    assert "version 1 stays in the cache, and the table has version 2" == found.broken


def lost_commands(steps: tuple[str, ...]) -> list[str]:
    """Return the lost commands of one writer in a history."""
    lost = [match for step in steps if (match := re.match(r"(writer \w) +(\w+) → lost", step))]
    assert 1 == len({match[1] for match in lost})
    return [match[2] for match in lost]


def moves_of(setup: Setup, faults: int) -> set[str]:
    """Return a description of every move in `setup` with the real protocol."""
    world = World(REAL, setup, polls=FEW_POLLS)
    known = dict.fromkeys(world.starts(faults))
    queue, moves = list(known), set()
    for state in queue:
        for move in world.moves(state):
            moves.add(f"{world.title(move.actor)} {move.what}")
            if move.after not in known:
                known[move.after] = None
                queue.append(move.after)
    return moves
