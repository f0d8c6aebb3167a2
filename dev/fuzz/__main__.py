"""`make fuzz`: tests a temporary stack against the OpenAPI document."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from dev.fuzz.runs import PHASES, Figures, run
from dev.openapi.document import FILE
from dev.stack import scratch

_CASES_OF_EACH: Final = 20
"""Each requested example makes at least this many cases, over all operations and phases."""


@click.command()
@click.argument("cases", type=click.IntRange(min=1), default=5000)
@click.argument("seed", default="")
def main(cases: int, seed: str) -> None:
    """
    Run at least CASES test cases (5000), with SEED if it is given.

    Exits with status 1 after any failure, or if fewer cases were run.
    """
    with tempfile.TemporaryDirectory() as logs, scratch.stack(Path(logs)) as api:
        examples = cases // _CASES_OF_EACH + 1
        figures = [run(api.url, FILE, phases, examples, seed) for phases in PHASES]
    for each in figures:
        click.echo(each.summary())
    sys.exit(_status(figures, cases))


def _status(figures: list[Figures], least: int) -> int:
    made = sum(each.cases for each in figures)
    click.echo(f"{made} cases in total")
    if made < least:
        click.echo(f"Expected at least {least} cases", err=True)
    return int(made < least or not all(each.passed for each in figures))


if __name__ == "__main__":
    main(prog_name="python -m dev.fuzz")
