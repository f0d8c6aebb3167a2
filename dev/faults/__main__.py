"""`make freshness`: a load, faults in turn, and the verdict."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from dev.faults import faults, report, run
from dev.faults.rig import SERVERS, Rig


def _faults(_context: object, _option: object, names: str) -> list[str]:
    try:
        return faults.chosen(names)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=60.0, help="Duration.")
@click.option("--reads", default=0, help="Stop after this many reads instead.")
@click.option("--rounds", default=0, help="Stop after each fault was on so often.")
@click.option("--faults", default="all", callback=_faults, help="all, none or a,b,…")
@click.option("--period", default=1.7, help="Seconds of each fault, and of the calm before it.")
@click.option("--server", type=click.Choice(list(SERVERS)), default="catalog", help="What to test.")
@click.option("--url", help="A server that runs already; without faults.")
@click.option("--stream/--no-stream", default=True, help="With the stream or the protocol only.")
@click.option("--strict", is_flag=True, help="CACHE_WRITE_POLICY=strict.")
@click.option("--workers", default=8, help="Concurrent clients.")
@click.option("--products", default=200, help="Their number; 6 of them are hot.")
@click.option("--writes", default=0.14, help="Share of all calls.")
@click.option("--seed", default=1, help="Of the load's choices.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures here too.")
@click.option("--log", type=click.Path(path_type=Path), default=os.devnull, help="The API's log.")
def main(
    *, server: str, url: str | None, stream: bool, file: Path | None, log: Path, **plan: Any
) -> None:
    """
    Look for stale reads under faults.

    Exit status 1 where a promise is broken. `--server naive` puts the same load on the usual
    cache-aside.
    """
    figures = _figures(run.Plan(**plan), server, url, log, stream=stream)
    click.echo(report.text(figures))
    if file:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if report.is_kept(figures) else 1)


def _figures(
    plan: run.Plan, server: str, url: str | None, log: Path, *, stream: bool
) -> dict[str, Any]:
    if url:
        return {"server": url, **run.against_url(url, plan)}
    policy = "strict" if plan.strict else "available"
    with Rig(server, log, stream=stream, CACHE_WRITE_POLICY=policy) as rig:
        return {"server": server, "policy": policy, **run.against_rig(rig, plan)}


if __name__ == "__main__":
    main(prog_name="python -m dev.faults")
