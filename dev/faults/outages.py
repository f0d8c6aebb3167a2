"""`make outages`: measures what clients notice of each fault of Redis and DynamoDB."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from dev.faults import dynamodb_outage, faults, redis_outage, report, stampede
from dev.faults.faults import FAULTS, Fault
from dev.faults.load import Load
from dev.faults.refusing import CAUSES
from dev.faults.rig import FaultRig
from dev.faults.timeline import Timeline


def _start_without(rig: FaultRig) -> None:
    rig.redis_proxy.tell(mode="refuse")
    rig.api.start()


WAYS: Final = {
    **{
        name: FAULTS[name]
        for name in ("refuse", "pause", "drop", "kill", "cut", "late", "loading", *CAUSES, "oom")
    },
    "absent": Fault(begin=_start_without, end=FAULTS["refuse"].end, outage=True),
}


def _ways(_context: object, _option: object, names: str) -> list[str]:
    ways = names.split(",")
    if unknown := set(ways) - WAYS.keys():
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(WAYS)}")
    return ways


@click.command()
@click.option(
    "--ways", default=",".join(WAYS), show_default=True, callback=_ways, help="Faults of Redis."
)
@click.option(
    "--hung", default=10.0, show_default=True, help="Seconds that Redis hangs under load."
)
@click.option(
    "--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file."
)
def main(ways: list[str], hung: float, file: Path | None) -> None:
    """
    Measure what clients notice while Redis or DynamoDB fails, then while Redis hangs under load.

    Exits with status 1 if a promise is broken. Only the times after Redis's return are judged: the
    others depend on the machine.
    """
    with FaultRig() as rig:
        redis = [redis_outage.measure(rig, way, WAYS[way]) for way in ways]
        _show(_redis_rows(redis))
        database = [dynamodb_outage.measure(rig, way) for way in dynamodb_outage.WAYS]
        _show(_dynamodb_rows(database))
    with FaultRig(redis_faults=False, stream=False) as rig:
        bursts = [
            stampede.best(each, rig) for each in (stampede.of_one_product, stampede.of_unknown_ids)
        ]
        _show(_stampede_rows(bursts))
    loaded = under_load("pause", hung)
    click.echo(f"Redis hung for {hung:.0f} s under load:\n{report.text(loaded)}")
    seen: list[Any] = [*redis, *database, *bursts]
    if file:
        figures = [{"kind": type(each).__module__, **each._asdict()} for each in seen]
        text = json.dumps([*figures, loaded], indent=2, default=list)
        file.write_text(f"{text}\n", encoding="utf-8")
    sys.exit(0 if all(each.is_kept for each in seen) and report.is_kept(loaded) else 1)


def _show(rows: Iterable[list[object]]) -> None:
    click.echo("\n".join(report.table(rows)) + "\n")


def under_load(way: str, seconds: float, calm: float = 4.0) -> dict[str, Any]:
    """Return the figures of a load before, during and after one fault."""
    timeline = Timeline()
    with FaultRig() as rig:
        load = Load(rig.api.url, timeline)
        load.start(workers=8, products=100, seed=1)
        time.sleep(calm)
        faults.apply(rig, way, timeline, seconds)
        time.sleep(calm)
        return report.figures(load.stop(), None, seconds + 2 * calm, faults=[way])


def _redis_rows(outages: Iterable[redis_outage.RedisOutage]) -> Iterable[list[object]]:
    yield ["Redis", "5xx", "first reads +ms", "writes +ms", "later reads +ms p50", "p99", "max",
           "hits again s", "write read s", "stale meanwhile", "stale after", "kept"]  # fmt: skip
    for each in outages:
        added = [each.first_reads_added, each.writes_added, *each.open_reads_added.values()]
        stale = [each.stale_meanwhile, each.stale_reads]
        after = [each.hits_again_seconds, each.write_seen_seconds, *stale]
        shown = [f"{ms:.1f}" for ms in added]
        yield [each.way, len(each.failed), *shown, *after, each.is_kept]


def _dynamodb_rows(outages: Iterable[dynamodb_outage.DynamoDBOutage]) -> Iterable[list[object]]:
    yield ["DynamoDB", "hit", "/health", "others", "Retry-After", "slowest s", "brief", "kept"]
    for each in outages:
        others = " ".join(map(str, each.others))
        shown = [" ".join(map(str, each.health)), others, each.has_retry_after]
        yield [each.way, each.hit, *shown, each.slowest_seconds, each.brief, each.is_kept]


def _stampede_rows(bursts: Iterable[stampede.Stampede]) -> Iterable[list[object]]:
    yield ["burst", "requests", "statuses", "DynamoDB reads", "allowed"]
    for each in bursts:
        yield [each.what, each.requests, each.statuses, each.database_reads, each.allowed]


if __name__ == "__main__":
    main(prog_name="python -m dev.faults.outages")
