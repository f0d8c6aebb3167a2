"""Redis is never needed, and DynamoDB's failures are told in time. Times are bounded generously."""

from collections.abc import Iterator

import pytest

from dev.faults import dynamodb_outage, redis_outage, stampede
from dev.faults.outages import WAYS
from dev.faults.rig import FaultRig

SLOWEST_MS = 1500
"""On a machine shared by many; what the contract allows is in `make outages`."""


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start one stack for all ways to fail."""
    with FaultRig() as rig:
        yield rig


@pytest.mark.parametrize("way", WAYS)
def test_every_call_is_answered_while_redis_fails(rig: FaultRig, way: str) -> None:
    """No 5xx on any route; hits again, and the write made meanwhile read, soon after."""
    outage = redis_outage.measure(rig, way, WAYS[way], open_seconds=0.5)

    assert [] == outage.failed
    assert outage.hits_again_seconds <= redis_outage.HITS_SECONDS
    assert 0 == outage.stale_meanwhile
    assert outage.write_seen_seconds <= redis_outage.DELIVERY_SECONDS
    assert SLOWEST_MS > max(outage.first_reads_added, outage.writes_added)
    assert SLOWEST_MS > outage.open_reads_added["max"]


@pytest.mark.parametrize("way", dynamodb_outage.WAYS)
def test_hits_go_on_while_dynamodb_fails(rig: FaultRig, way: str) -> None:
    """Cached products are served; all else is 503 with `Retry-After`, before a Lambda times out."""
    outage = dynamodb_outage.measure(rig, way)

    assert 200 == outage.hit
    assert (503, "unhealthy") == outage.health
    assert {503} == set(outage.others)
    assert outage.has_retry_after
    assert 200 == outage.brief, "a failure shorter than the retries is not seen"
    assert outage.slowest_seconds < dynamodb_outage.BUDGET_SECONDS


@pytest.fixture(scope="module")
def undisturbed() -> Iterator[FaultRig]:
    """Start a stack without the proxy that slows Valkey, and the feed that deletes what is new."""
    with FaultRig(redis_faults=False, stream=False) as rig:
        yield rig


def test_a_stampede_costs_one_read(undisturbed: FaultRig) -> None:
    """50 concurrent readers of a cold product: DynamoDB is read once."""
    burst = stampede.best(stampede.of_one_product, undisturbed)

    assert {200} == burst.statuses
    assert 1 == burst.database_reads


def test_unknown_ids_cost_a_read_each(undisturbed: FaultRig) -> None:
    """200 requests for 20 unknown ids: DynamoDB is read no more than 20 times."""
    burst = stampede.best(stampede.of_unknown_ids, undisturbed)

    assert {404} == burst.statuses
    assert burst.database_reads <= stampede.UNKNOWN_IDS
