"""`make fuzz`: tests a stack of its own against its OpenAPI document."""

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
"""One example asked for makes at least so many cases, over all operations and phases."""


@click.command()
@click.argument("cases", type=click.IntRange(min=1), default=5000)
@click.argument("seed", default="")
def main(cases: int, seed: str) -> None:
    """
    Make at least CASES test cases (5000), chosen by SEED if one is given.

    Exit status 1 on any failure, or where fewer cases were made.
    """
    with tempfile.TemporaryDirectory() as logs, scratch.stack(Path(logs)) as api:
        examples = cases // _CASES_OF_EACH + 1
        figures = [run(api.url, FILE, phases, examples, seed) for phases in PHASES]
    for each in figures:
        click.echo(each.told())
    sys.exit(_status(figures, cases))


def _status(figures: list[Figures], least: int) -> int:
    made = sum(each.cases for each in figures)
    click.echo(f"{made} cases in all")
    if made < least:
        click.echo(f"At least {least} were wanted", err=True)
    return int(made < least or not all(each.passed for each in figures))


if __name__ == "__main__":
    main(prog_name="python -m dev.fuzz")
