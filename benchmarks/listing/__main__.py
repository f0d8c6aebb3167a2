"""
`make bench-listing`: a large catalogue, its first pages and its last. A stack of its own.

Exit status 1 where a product is missed or visited twice, or a page's place changes what it reads.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.listing import report
from benchmarks.listing.run import Plan, is_as_promised, run


def main() -> int:
    """Run as the command line says."""
    options = vars(_parser().parse_args())
    figures = run(Plan(**{name: options[name] for name in Plan._fields}))
    sys.stdout.write(report.text(figures) + "\n")
    if options["json"]:
        options["json"].write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if is_as_promised(figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    usual = Plan()
    parser.add_argument("--products", type=int, default=usual.products, help="(%(default)s)")
    parser.add_argument("--limit", type=int, default=usual.limit, help="of a page (%(default)s)")
    parser.add_argument("--ends", type=int, default=usual.ends, help="pages of each (%(default)s)")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="by turns (%(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed, help="(%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
