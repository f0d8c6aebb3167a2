"""Random reads and writes under every fault: the catalog is never stale, the naive cache is."""

import pytest
from click.testing import CliRunner, Result

from dev.faults.__main__ import check, main
from dev.faults.faults import FAULTS
from dev.faults.rig import FaultRig

pytestmark = pytest.mark.slow

PERIOD = 0.5
PATIENT = {"REDIS_TIMEOUT_SECONDS": "0.3"}
"""
On a busy machine Valkey may be late for both commands of a write, which the checker does not
record. Less than PERIOD, so that calls begin in every phase, also while Redis hangs.
"""


def freshness(*options: str) -> Result:
    """Run `make freshness` with options."""
    return CliRunner().invoke(main, options)


def test_no_promise_is_broken_under_any_fault() -> None:
    """Only stale reads that promise 3 allows, none at rest, no unexpected 5xx."""
    with FaultRig(**PATIENT) as rig:
        report = check(rig, list(FAULTS), period=PERIOD, products=60)

    assert report.is_kept, str(report)
    assert {"calm", *FAULTS} <= set(report.phases)
    assert report.reads > 500
    assert report.writes > 50
    assert report.hit_ratio > 0.1


def test_the_strict_policy_has_no_stale_read() -> None:
    """During outages writes are refused."""
    outages = [name for name, fault in FAULTS.items() if fault.outage]
    with FaultRig(CACHE_WRITE_POLICY="strict", **PATIENT) as rig:
        report = check(rig, outages, period=PERIOD, products=30, strict=True)

    assert report.is_kept, str(report)
    assert [] == report.stale
    assert report.writes_unknown > 0


def test_the_naive_cache_is_stale_without_faults() -> None:
    """The same load finds stale reads, usually within seconds."""
    options = ("--server", "naive", "--faults", "none", "--seconds", "5")
    runs = (freshness(*options) for _ in range(6))

    found = next(run for run in runs if run.exit_code == 1)

    assert "A promise was broken." in found.output
    assert "for example BROKEN in phase calm" in found.output


def test_an_unknown_fault_is_refused() -> None:
    """The message lists the faults."""
    result = freshness("--faults", "cut,fire")

    assert 2 == result.exit_code
    assert "unknown fault: fire; choose from evict" in result.output
