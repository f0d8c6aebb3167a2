"""`make bench-listing`: a large catalogue, its first pages and its last. A stack of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from benchmarks.listing import report
from benchmarks.listing.run import Plan, is_as_promised, run

_USUAL = Plan()


@click.command(context_settings={"show_default": True})
@click.option("--products", default=_USUAL.products, help="Their number.")
@click.option("--limit", default=_USUAL.limit, help="Products of a page.")
@click.option("--ends", default=_USUAL.ends, help="Pages of each end.")
@click.option("--rounds", default=_USUAL.rounds, help="First and last pages by turns.")
@click.option("--seed", default=_USUAL.seed, help="Of the products.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(file: Path | None, **plan: int) -> None:
    """
    Time first and last pages of a large catalogue.

    Exit status 1 where a product is missed or visited twice, or a page's place changes what it
    reads.
    """
    figures = run(Plan(**plan))
    click.echo(report.text(figures))
    if file:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if is_as_promised(figures) else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.listing")
