"""`make outages`: measures what clients notice of each fault of Redis and DynamoDB."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

import click

from dev.faults import dynamodb_outage, faults, stampede
from dev.faults.client import LOST, Client
from dev.faults.faults import FAULTS, Fault
from dev.faults.load import Load
from dev.faults.refusing import CAUSES
from dev.faults.report import Report, table
from dev.faults.rig import FaultRig
from dev.faults.timeline import CALM, Timeline

CALM_SECONDS: Final = 2.0
OUTAGE_SECONDS: Final = 1.5
"""Long enough for the circuit to open, and for single tries while it is open."""
HITS_SECONDS: Final = 2.0
"""The longest time allowed from Redis's return until reads are hits."""
GIVE_UP_SECONDS: Final = 20.0


def _start_without_redis(rig: FaultRig) -> None:
    rig.redis_proxy.inject("refuse")
    rig.api.start()


REDIS_FAULTS: Final = {
    **{
        name: FAULTS[name]
        for name in ("refuse", "pause", "drop", "kill", "cut", "late", "loading", *CAUSES, "oom")
    },
    "absent": Fault(_start_without_redis, FAULTS["refuse"].end, outage=True, statuses=(LOST,)),
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
        redis = redis_outages(rig, REDIS_FAULTS)
        dynamodb = [dynamodb_outage.measure(rig, way) for way in dynamodb_outage.WAYS]
        click.echo(f"\n{table(dynamodb)}\n")
    with FaultRig(redis_faults=False, stream=False) as rig:
        bursts = stampede.measure(rig)
        click.echo(f"{table(bursts)}\n")
    with FaultRig() as rig:
        click.echo(f"Redis hung for {hung:.0f} s under load:")
        hung_rows = redis_outages(rig, {"pause": FAULTS["pause"]}, hung, clients=8, pause=0)
    rows = [*redis, *dynamodb, *bursts, *hung_rows]
    sys.exit(0 if all(row["kept"] for row in rows) else 1)


def redis_outages(
    rig: FaultRig,
    ways: Mapping[str, Fault],
    seconds: float = OUTAGE_SECONDS,
    *,
    clients: int = 2,
    pause: float = 0.02,
) -> list[dict[str, Any]]:
    """Run a load with each fault in turn; print and return a row for each."""
    timeline = Timeline()
    load = Load(rig.api.url, timeline, clients=clients, products=12, pause=pause)
    load.start()
    hits_again = {CALM: 0.0}
    for name, fault in ways.items():
        time.sleep(CALM_SECONDS)
        faults.apply(rig, name, fault, timeline, seconds)
        hits_again[name] = _seconds_until_hit(rig, load)
    time.sleep(CALM_SECONDS)
    load.stop()
    report = Report(load)
    rows = [
        {"Redis": name, **row, "hits again s": round(hits_again[name], 2)}
        for name, row in report.phases.items()
    ]
    for row in rows:
        bad = row["5xx"] + row["broken"] + row["overdue"]
        row["kept"] = bad == 0 and row["hits again s"] <= HITS_SECONDS
    click.echo(table(rows))
    return rows


def _seconds_until_hit(rig: FaultRig, load: Load) -> float:
    """Return the seconds until a read is a hit. A killed API may leave a fence on two products."""
    returned = time.monotonic()
    with closing(Client(rig.api.url)) as client:
        while (now := time.monotonic() - returned) < GIVE_UP_SECONDS:
            reads = (client.send("GET", f"/products/{each}") for each in load.products[:3])
            if any(answer.cache == "HIT" for answer in reads):
                break
            time.sleep(0.01)
    return now


if __name__ == "__main__":
    main(prog_name="python -m dev.faults.outages")
