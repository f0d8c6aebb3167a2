"""`make freshness`: runs a load with one fault after the other, and prints the result."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from dev.faults import faults, report, run
from dev.faults.rig import SERVERS, FaultRig


def _faults(_context: object, _option: object, names: str) -> list[str]:
    try:
        return faults.chosen(names)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=60.0, help="Duration in seconds.")
@click.option("--reads", default=0, help="Stop after this many reads.")
@click.option("--rounds", default=0, help="Stop after this many rounds of all faults.")
@click.option("--faults", default="all", callback=_faults, help="all, none, refusing or a,b,…")
@click.option("--period", default=1.7, help="Seconds that each fault lasts, and between faults.")
@click.option(
    "--server", type=click.Choice(list(SERVERS)), default="catalog", help="The API to test."
)
@click.option("--url", help="Test a running server, without faults.")
@click.option("--stream/--no-stream", default=True, help="Run the stream feed, or not.")
@click.option("--strict", is_flag=True, help="Set CACHE_WRITE_POLICY=strict.")
@click.option("--workers", default=8, help="Concurrent clients.")
@click.option("--products", default=200, help="Number of products; 6 of them are hot.")
@click.option("--writes", default=0.14, help="Share of writes in all calls.")
@click.option("--seed", default=1, help="Seed of the load's random choices.")
@click.option(
    "--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file."
)
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    default=os.devnull,
    help="Write the API's log to this file.",
)
def main(
    *, server: str, url: str | None, stream: bool, file: Path | None, log: Path, **plan: Any
) -> None:
    """
    Look for stale reads under faults.

    Exits with status 1 if a promise is broken. `--server naive` runs the same load against the
    usual cache-aside.
    """
    figures = _figures(run.FaultPlan(**plan), server, url, log, stream=stream)
    click.echo(report.text(figures))
    if file:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if report.is_kept(figures) else 1)


def _figures(
    plan: run.FaultPlan, server: str, url: str | None, log: Path, *, stream: bool
) -> dict[str, Any]:
    if url:
        return {"server": url, **run.against_url(url, plan)}
    policy = "strict" if plan.strict else "available"
    with FaultRig(server, log, stream=stream, CACHE_WRITE_POLICY=policy) as rig:
        return {"server": server, "policy": policy, **run.against_rig(rig, plan)}


if __name__ == "__main__":
    main(prog_name="python -m dev.faults")
