"""`make outages`: measures what clients notice of each fault of Redis and DynamoDB."""

from __future__ import annotations

import sys
import time
from typing import Final

import click

from dev.faults import dynamodb_outage, faults, redis_outage, report, stampede
from dev.faults.faults import FAULTS, Fault
from dev.faults.load import Load
from dev.faults.refusing import CAUSES
from dev.faults.rig import FaultRig
from dev.faults.timeline import Timeline

CALM_SECONDS: Final = 4.0


def _start_without(rig: FaultRig) -> None:
    rig.redis_proxy.inject("refuse")
    rig.api.start()


WAYS: Final = {
    **{
        name: FAULTS[name]
        for name in ("refuse", "pause", "drop", "kill", "cut", "late", "loading", *CAUSES, "oom")
    },
    "absent": Fault(begin=_start_without, end=FAULTS["refuse"].end, outage=True),
}


@click.command()
@click.option(
    "--hung", default=10.0, show_default=True, help="Seconds that Redis hangs under load."
)
def main(hung: float) -> None:
    """
    Measure what clients notice while Redis or DynamoDB fails, then while Redis hangs under load.

    Exits with status 1 if a promise is broken. Only the times after Redis's return are judged: the
    others depend on the machine.
    """
    with FaultRig() as rig:
        redis = [redis_outage.measure(rig, way, fault) for way, fault in WAYS.items()]
        click.echo(f"{report.table(redis)}\n")
        dynamodb = [dynamodb_outage.measure(rig, way) for way in dynamodb_outage.WAYS]
        click.echo(f"{report.table(dynamodb)}\n")
    with FaultRig(redis_faults=False, stream=False) as rig:
        bursts = stampede.measure(rig)
        click.echo(f"{report.table(bursts)}\n")
    loaded = _under_load("pause", hung)
    click.echo(f"Redis hung for {hung:.0f} s under load:\n{loaded}")
    is_kept = all(row["kept"] for row in [*redis, *dynamodb, *bursts])
    sys.exit(0 if is_kept and loaded.is_kept else 1)


def _under_load(way: str, seconds: float) -> report.Report:
    """Run a load before, during and after one fault."""
    timeline = Timeline()
    with FaultRig() as rig:
        load = Load(rig.api.url, timeline, products=100)
        load.start()
        time.sleep(CALM_SECONDS)
        faults.apply(rig, way, timeline, seconds)
        time.sleep(CALM_SECONDS)
        load.stop()
    return report.Report(load)


if __name__ == "__main__":
    main(prog_name="python -m dev.faults.outages")
