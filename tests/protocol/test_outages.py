"""Redis is optional, and DynamoDB's failures are reported in time. Time limits are generous."""

from collections.abc import Iterator

import pytest

from dev.faults import dynamodb_outage, redis_outage, stampede
from dev.faults.outages import WAYS
from dev.faults.rig import FaultRig

SLOWEST_MS = 1500
"""The machine may be busy. `make outages` checks the contract's limits."""


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start one stack for all faults."""
    with FaultRig() as rig:
        yield rig


@pytest.mark.parametrize("way", WAYS)
def test_every_call_is_answered_while_redis_fails(rig: FaultRig, way: str) -> None:
    """No 5xx on any route. Afterwards hits return, and reads return the write made meanwhile."""
    outage = redis_outage.measure(rig, way, WAYS[way], open_seconds=0.5)

    assert [] == outage.failed
    assert outage.hits_again_seconds <= redis_outage.HITS_SECONDS
    assert 0 == outage.stale_meanwhile
    assert outage.write_seen_seconds <= redis_outage.DELIVERY_SECONDS
    assert SLOWEST_MS > max(outage.first_reads_added, outage.writes_added)
    assert SLOWEST_MS > outage.open_reads_added["max"]


@pytest.mark.parametrize("way", dynamodb_outage.WAYS)
def test_hits_are_served_while_dynamodb_fails(rig: FaultRig, way: str) -> None:
    """All else is 503 with `Retry-After`, before a Lambda times out."""
    outage = dynamodb_outage.measure(rig, way)

    assert 200 == outage.hit
    assert (503, "unhealthy") == outage.health
    assert {503} == set(outage.others)
    assert outage.has_retry_after
    assert 200 == outage.brief, "retries cover a short failure"
    assert outage.slowest_seconds < dynamodb_outage.BUDGET_SECONDS


@pytest.fixture(scope="module")
def direct_rig() -> Iterator[FaultRig]:
    """Start a stack without the slow Redis proxy and without the stream feed."""
    with FaultRig(redis_faults=False, stream=False) as rig:
        yield rig


def test_a_stampede_costs_one_read(direct_rig: FaultRig) -> None:
    """50 concurrent reads of a cold product make one DynamoDB read."""
    burst = stampede.best(stampede.of_one_product, direct_rig)

    assert {200} == burst.statuses
    assert 1 == burst.database_reads


def test_unknown_ids_cost_a_read_each(direct_rig: FaultRig) -> None:
    """200 reads of 20 unknown ids make at most 20 DynamoDB reads."""
    burst = stampede.best(stampede.of_unknown_ids, direct_rig)

    assert {404} == burst.statuses
    assert burst.database_reads <= stampede.UNKNOWN_IDS
