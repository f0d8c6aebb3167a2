"""Redis is optional, and DynamoDB's failures are reported in time. Time limits are generous."""

from collections.abc import Iterator

import pytest

from dev.faults import dynamodb_outage, stampede
from dev.faults.outages import REDIS_FAULTS, redis_outages
from dev.faults.rig import FaultRig

SLOWEST_MS = 1500
"""The machine may be busy. `make outages` checks the contract's limits."""


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start one stack for all faults."""
    with FaultRig() as rig:
        yield rig


@pytest.mark.timeout(300)
def test_every_call_is_answered_while_redis_fails(rig: FaultRig) -> None:
    """No 5xx on any route. Afterwards hits return, and reads return the write made meanwhile."""
    rows = redis_outages(rig, REDIS_FAULTS)

    assert {"calm", *REDIS_FAULTS} == {row["Redis"] for row in rows}
    for row in rows:
        assert row["kept"], row
        assert SLOWEST_MS > max(row["read max"], row["write max"]), row
        if row["Redis"] != "calm" and REDIS_FAULTS[row["Redis"]].outage:
            assert row["hits %"] < 20, row


@pytest.mark.parametrize("way", dynamodb_outage.WAYS)
def test_hits_are_served_while_dynamodb_fails(rig: FaultRig, way: str) -> None:
    """All else is 503 with `Retry-After`, before a Lambda times out. Retries hide a short one."""
    row = dynamodb_outage.measure(rig, way)

    assert row["kept"], row


def test_a_burst_of_misses_is_one_read() -> None:
    """50 reads of a cold product make one DynamoDB read, and those of 20 unknown ids make 20."""
    with FaultRig(redis_faults=False, stream=False) as rig:
        for row in stampede.measure(rig):
            assert row["kept"], row
