"""`make freshness`: runs a load with one fault after the other, and prints the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, takewhile
from typing import Final

import click

from dev.faults import at_rest, faults
from dev.faults.load import Load
from dev.faults.refusing import CAUSES
from dev.faults.report import Report
from dev.faults.rig import SERVERS, FaultRig
from dev.faults.timeline import Timeline

PERIOD_SECONDS: Final = 1.7
"""How long each fault lasts, and the pause before it."""


def _chosen(_context: object, _option: object, names: str) -> list[str]:
    """Return the faults that an option names."""
    groups = {"all": list(faults.FAULTS), "refusing": list(CAUSES), "none": []}
    selected = groups.get(names, names.split(","))
    if unknown := set(selected) - set(faults.FAULTS):
        known = ", ".join(faults.FAULTS)
        raise click.BadParameter(f"unknown fault: {', '.join(unknown)}; choose from {known}")
    return selected


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=60.0, help="Duration in seconds.")
@click.option(
    "--faults", "names", default="all", callback=_chosen, help="all, none, refusing or a,b,…"
)
@click.option("--server", type=click.Choice([*SERVERS]), default="catalog", help="The API to test.")
@click.option("--strict", is_flag=True, help="Set CACHE_WRITE_POLICY=strict.")
def main(*, seconds: float, names: list[str], server: str, strict: bool) -> None:
    """
    Look for stale reads under faults.

    Exits with status 1 if a promise is broken. `--server naive` runs the same load against the
    usual cache-aside.
    """
    with FaultRig(server, CACHE_WRITE_POLICY="strict" if strict else "available") as rig:
        report = check(rig, _in_turn(names, seconds), strict=strict)
    click.echo(report)
    sys.exit(0 if report.is_kept else 1)


def _in_turn(names: Sequence[str], seconds: float) -> Iterator[str]:
    ended = time.monotonic() + seconds
    yield from takewhile(lambda _: time.monotonic() < ended, cycle(names or [""]))


def check(
    rig: FaultRig,
    turns: Iterable[str],
    *,
    period: float = PERIOD_SECONDS,
    strict: bool = False,
    products: int = 200,
) -> Report:
    """
    Run the load with these faults in turn, then check the cache at rest.

    An empty name is a pause without a fault.
    """
    timeline = Timeline(strict=strict)
    load = Load(rig.api.url, timeline, products=products)
    load.start()
    for name in turns:
        time.sleep(period)
        if name:
            faults.apply(rig, name, faults.FAULTS[name], timeline, period)
    load.stop()
    time.sleep(max(0.0, timeline.stream_is_due() - time.monotonic()))
    return Report(load, at_rest.stale(rig, load.histories))


if __name__ == "__main__":
    main(prog_name="python -m dev.faults")
