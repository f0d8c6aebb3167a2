"""
`make bench`: measures this project beside its peers, in one run; tells the targets that it misses.

Without `--quick` it writes `benchmarks/results/latest.json`, and from that the tables and charts of
README and docs. `--write` makes these anew from the figures that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.pictures import pictures
from benchmarks.run import QUICK, WHOLE, run

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results" / "latest.json"
DOCS: Final = ROOT / "docs"
DOCUMENTS: Final = (ROOT / "README.md", DOCS / "performance.md", DOCS / "scale.md")


def main() -> int:
    """Run as the command line says; status 1 where a target is missed."""
    options = _parser().parse_args()
    if options.write:
        write(json.loads(RESULTS.read_text(encoding="utf-8")))
        return 0
    figures = run(QUICK if options.quick else WHOLE)
    if not options.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        write(figures)
    sys.stdout.write(f"{report.details(figures)}\n{report.promises(figures)}")
    return 0 if all(each["met"] for each in figures["targets"]) else 1


def write(figures: dict[str, Any]) -> None:
    """Make the tables and the charts anew."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(report.filled(text, figures), encoding="utf-8")
    for name, picture in pictures(figures).items():
        (DOCS / name).write_text(picture, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="a minute's try; writes nothing")
    parser.add_argument("--write", action="store_true", help="measure nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
