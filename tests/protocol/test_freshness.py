"""Random reads and writes under every fault: the catalog is never stale, the naive cache is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dev.faults import report
from dev.faults.faults import FAULTS
from dev.faults.rig import FaultRig
from dev.faults.run import FaultPlan, against_rig, against_url

pytestmark = pytest.mark.slow

PERIOD = 0.5
PATIENT = {"REDIS_TIMEOUT_SECONDS": "0.3"}
"""
On a busy machine Valkey may be late for both commands of a write, which the checker does not
record. Less than PERIOD, so that calls begin in every phase, also while Redis hangs.
"""


@pytest.fixture(scope="module")
def rig() -> Iterator[FaultRig]:
    """Start the catalog behind proxies."""
    with FaultRig(**PATIENT) as rig:
        yield rig


@pytest.fixture(scope="module")
def figures(rig: FaultRig) -> dict[str, Any]:
    """Run with every fault in turn."""
    return against_rig(rig, FaultPlan(list(FAULTS), rounds=1, period=PERIOD, products=60))


def test_no_promise_is_broken_under_any_fault(figures: dict[str, Any]) -> None:
    """Only stale reads that promise 3 allows, none at rest, no unexpected 5xx."""
    assert report.is_kept(figures), report.text(figures)


def test_every_fault_had_reads_and_writes(figures: dict[str, Any]) -> None:
    """Reads were hits, and writes succeeded."""
    assert {"calm", *FAULTS} <= set(figures["phases"])
    assert figures["reads"] > 500
    assert figures["writes"] > 50
    assert figures["hit_ratio"] > 0.1


def test_the_figures_are_json(figures: dict[str, Any]) -> None:
    """Decoding the output of `--json` returns the figures."""
    assert figures == json.loads(json.dumps(figures))


@pytest.mark.slow
def test_the_strict_policy_has_no_stale_read() -> None:
    """During outages writes are refused."""
    outages = [name for name, fault in FAULTS.items() if fault.outage]
    with FaultRig(CACHE_WRITE_POLICY="strict", **PATIENT) as rig:
        plan = FaultPlan(outages, rounds=1, period=PERIOD, products=30, strict=True)
        figures = against_rig(rig, plan)

    assert report.is_kept(figures), report.text(figures)
    assert 0 == figures["stale_reads"]
    assert figures["writes_unknown"] > 0


def test_any_server_can_be_checked_by_its_url(rig: FaultRig) -> None:
    """Load and checks need only HTTP. A run may end after a number of reads."""
    figures = against_url(rig.api.url, FaultPlan(reads=300, products=20))

    assert figures["reads"] >= 300
    assert report.is_kept(figures), report.text(figures)


@pytest.mark.slow
def test_the_naive_cache_is_stale_without_faults() -> None:
    """The same load finds stale reads, usually within seconds."""
    with FaultRig("naive") as rig:
        runs = (against_rig(rig, FaultPlan(seconds=5, products=10)) for _ in range(6))
        figures = next(run for run in runs if run["broken"]["promise 1: stale reads"])

    assert not report.is_kept(figures)
