"""
`make outages`: each way that Redis and DynamoDB can fail, what clients feel, and for how long.

    python -m dev.freshness.outages [--ways pause,drop,…] [--hung 10] [--json FILE]

Ends with Redis hung under load. Exit status 1 on a broken promise; times are reported, and only
those after Redis's return are judged: the others depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from dev.freshness import dynamodb_outage, faults, redis_outage, report, stampede
from dev.freshness.faults import FAULTS, Fault
from dev.freshness.load import Load
from dev.freshness.refusing import CAUSES
from dev.freshness.rig import Rig
from dev.freshness.timeline import Timeline


def _start_without(rig: Rig) -> None:
    rig.redis_proxy.tell(mode="refuse")
    rig.api.start()


WAYS: Final = {
    **{
        name: FAULTS[name]
        for name in ("refuse", "pause", "drop", "kill", "cut", "late", "loading", *CAUSES, "oom")
    },
    "absent": Fault(begin=_start_without, end=FAULTS["refuse"].end, outage=True),
}


def main() -> int:
    """Run as the command line says."""
    options = _parser().parse_args()
    with Rig() as rig:
        redis = [redis_outage.measure(rig, way, WAYS[way]) for way in options.ways.split(",")]
        print("\n".join(report.table(_redis_rows(redis))), end="\n\n")
        database = [dynamodb_outage.measure(rig, way) for way in dynamodb_outage.WAYS]
        print("\n".join(report.table(_dynamodb_rows(database))), end="\n\n")
    with Rig(redis_faults=False, stream=False) as rig:
        bursts = [
            stampede.best(each, rig) for each in (stampede.of_one_product, stampede.of_unknown_ids)
        ]
        print("\n".join(report.table(_stampede_rows(bursts))), end="\n\n")
    hung = under_load("pause", options.hung)
    print(f"Redis hung for {options.hung:.0f} s under load:\n{report.text(hung)}")
    seen: list[Any] = [*redis, *database, *bursts]
    if options.json:
        figures = [{"kind": type(each).__module__, **each._asdict()} for each in seen]
        options.json.write_text(json.dumps([*figures, hung], indent=2, default=list) + "\n")
    return 0 if all(each.is_kept for each in seen) and report.is_kept(hung) else 1


def under_load(way: str, seconds: float, calm: float = 4.0) -> dict[str, Any]:
    """Return the figures of a load before, in and after one fault."""
    timeline = Timeline()
    with Rig() as rig:
        load = Load(rig.api.url, timeline)
        load.start(workers=8, products=100, seed=1)
        time.sleep(calm)
        faults.put_on(rig, way, timeline, seconds)
        time.sleep(calm)
        return report.figures(load.stop(), None, seconds + 2 * calm, faults=[way])


def _redis_rows(outages: Iterable[redis_outage.Outage]) -> Iterable[list[object]]:
    yield ["Redis", "5xx", "first reads +ms", "writes +ms", "later reads +ms p50", "p99", "max",
           "hits again s", "write read s", "stale meanwhile", "stale after", "kept"]  # fmt: skip
    for each in outages:
        added = [each.first_reads_added, each.writes_added, *each.open_reads_added.values()]
        stale = [each.stale_meanwhile, each.stale_reads]
        after = [each.hits_again_seconds, each.write_seen_seconds, *stale]
        shown = [f"{ms:.1f}" for ms in added]
        yield [each.way, len(each.failed), *shown, *after, each.is_kept]


def _dynamodb_rows(outages: Iterable[dynamodb_outage.Outage]) -> Iterable[list[object]]:
    yield ["DynamoDB", "hit", "/health", "others", "Retry-After", "slowest s", "brief", "kept"]
    for each in outages:
        others = " ".join(map(str, each.others))
        told = [" ".join(map(str, each.health)), others, each.told_when, each.slowest_seconds]
        yield [each.way, each.hit, *told, each.brief, each.is_kept]


def _stampede_rows(bursts: Iterable[stampede.Stampede]) -> Iterable[list[object]]:
    yield ["burst", "requests", "statuses", "DynamoDB reads", "allowed"]
    for each in bursts:
        yield [each.what, each.requests, each.statuses, each.database_reads, each.allowed]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.freshness.outages", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--ways", default=",".join(WAYS), help=f"of Redis: {', '.join(WAYS)}")
    parser.add_argument("--hung", type=float, default=10, help="seconds hung under load (10)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
