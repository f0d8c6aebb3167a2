"""
Fuzzes a stack of its own by its own document: `make fuzz`, or `python -m dev.fuzzing 5000 [seed]`.

The number is the least of test cases to be made. Exit status 1 on any failure, or where fewer were
made.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from dev import scratch
from dev.fuzzing.runs import PHASES, Figures, run
from dev.openapi.document import FILE

_CASES_OF_EACH: Final = 20
"""So many cases come of one example asked for, over all operations and phases, or more."""


def main(least: int = 5000, seed: str = "") -> int:
    """Return the exit status."""
    with tempfile.TemporaryDirectory() as logs, scratch.stack(Path(logs)) as api:
        examples = least // _CASES_OF_EACH + 1
        figures = [run(api.url, FILE, phases, examples, seed) for phases in PHASES]
    for each in figures:
        print(each.told())
    return _status(figures, least)


def _status(figures: list[Figures], least: int) -> int:
    made = sum(each.cases for each in figures)
    print(f"{made} cases in all")
    if made < least:
        print(f"At least {least} were wanted", file=sys.stderr)
    return int(made < least or not all(each.passed for each in figures))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:3]))
