"""
`make freshness`: a load, faults in turn, and the verdict. Exit status 1 on any broken promise.

    python -m dev.freshness --seconds 60 --faults all
    python -m dev.freshness --server naive          the usual cache-aside under the same load
    python -m dev.freshness --url http://…          any server; only load and checks, no faults
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from dev.freshness import at_rest, faults, report
from dev.freshness.load import Load
from dev.freshness.rig import SERVERS, Rig
from dev.freshness.timeline import DELIVERY_SECONDS, Timeline


def main() -> int:
    """Run as the command line says."""
    options = _parser().parse_args()
    figures = against_url(options) if options.url else against_rig(options)
    print(report.text(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if report.is_kept(figures) else 1


def against_rig(options: argparse.Namespace) -> dict[str, Any]:
    """Start a stack of our own, and have faults on it in turn."""
    timeline = Timeline()
    with Rig(options.server, options.log, stream=options.stream) as rig:
        load = Load(rig.api.url, timeline)
        load.start(options.workers, options.products, options.seed)
        seconds = _under_faults(rig, load, timeline, options)
        tally = load.stop()
        time.sleep(DELIVERY_SECONDS if any(each.outage for each in timeline.windows) else 0)
        rest = at_rest.check(rig, load.shared.ledger.products())
    return report.figures(tally, rest, seconds, server=options.server, faults=options.faults)


def against_url(options: argparse.Namespace) -> dict[str, Any]:
    """Load and check a server that is there already."""
    load = Load(options.url, Timeline())
    load.start(options.workers, options.products, options.seed)
    started = time.monotonic()
    done = _enough(load, options, started)
    while not done():
        time.sleep(faults.TICK_SECONDS)
    seconds = time.monotonic() - started
    return report.figures(load.stop(), None, seconds, server=options.url, faults=[])


def _under_faults(rig: Rig, load: Load, timeline: Timeline, options: argparse.Namespace) -> float:
    started = time.monotonic()
    done = _enough(load, options, started)
    faults.take_turns(rig, options.faults, timeline, options.period, done)
    return time.monotonic() - started


def _enough(load: Load, options: argparse.Namespace, started: float) -> Any:
    """Return what tells that the run is long enough: by reads where they were named, or by time."""
    if options.reads:
        return lambda: load.reads >= options.reads
    return lambda: time.monotonic() - started >= options.seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.freshness", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=60, help="how long (60)")
    parser.add_argument("--reads", type=int, help="until so many reads, however long it takes")
    parser.add_argument("--faults", type=faults.chosen, default="all", help="all, none or a,b,…")
    parser.add_argument("--period", type=float, default=1.7, help="seconds of each fault and calm")
    parser.add_argument("--server", choices=SERVERS, default="catalog", help="what to test")
    parser.add_argument("--url", help="a server that runs already; no faults then")
    parser.add_argument("--no-stream", dest="stream", action="store_false", help="protocol only")
    parser.add_argument("--workers", type=int, default=8, help="clients at once (8)")
    parser.add_argument("--products", type=int, default=200, help="6 of them hot (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the load's choices (1)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--log", type=Path, default=os.devnull, help="where the API logs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
