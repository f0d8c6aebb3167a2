"""`make bench`: measures this project beside its peers, in one run, and writes the figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import report
from benchmarks.pictures import pictures
from benchmarks.run import QUICK, WHOLE, run

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results" / "latest.json"
DOCS: Final = ROOT / "docs"
DOCUMENTS: Final = (DOCS / "performance.md", DOCS / "scale.md")


@click.command()
@click.option("--quick", is_flag=True, help="A try of a minute, which writes nothing.")
@click.option("--write", "only_write", is_flag=True, help="Write from kept figures; measure none.")
def main(*, quick: bool, only_write: bool) -> None:
    """
    Measure this project beside its peers, in one run.

    Writes `benchmarks/results/latest.json`, and from it the tables and charts in `docs/`.
    Exit status 1 where a target is missed.
    """
    if only_write:
        write(json.loads(RESULTS.read_text(encoding="utf-8")))
        return
    figures = run(QUICK if quick else WHOLE)
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        write(figures)
    click.echo(f"{report.details(figures)}\n{report.promises(figures)}", nl=False)
    sys.exit(0 if all(each["met"] for each in figures["targets"]) else 1)


def write(figures: dict[str, Any]) -> None:
    """Write the tables and the charts."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(report.filled(text, figures), encoding="utf-8")
    for name, picture in pictures(figures).items():
        (DOCS / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
