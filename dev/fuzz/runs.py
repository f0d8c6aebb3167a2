"""Runs schemathesis and reads its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from dev.openapi.document import ROOT
from dev.stack.environment import without_proxies

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
PHASES: Final = ("examples,coverage,fuzzing", "stateful")
"""Separate runs: in one run, the stateful phase continues from the others and ends early."""

_FILES: Final = "/assets/{name}"
"""Large static files; `tests/api/test_docs.py` tests them."""


class Figures(NamedTuple):
    """The results of a run."""

    phases: tuple[str, ...]
    cases: int
    failures: int
    allowed: int
    seconds: float
    passed: bool

    def summary(self) -> str:
        """Return the results in one line."""
        return (
            f"{', '.join(self.phases)}: {self.cases} cases in {self.seconds:.0f} s, "
            f"{self.failures} failures, {self.allowed} allowed ones"
        )


def run(url: str, document: Path, phases: str, examples: int, seed: str = "") -> Figures:
    """Test the API at `url` against `document`, with at least `examples` per operation."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place, "report.json")
        status = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"),
                *(str(document), "--url", url, "--checks", "all", "--exclude-path", _FILES),
                *("--phases", phases, "--max-examples", str(examples)),
                *("--report", "json", "--report-json-path", str(report)),
                *(("--seed", seed) if seed else ()),
            ],
            cwd=ROOT,
            env={**os.environ, **without_proxies(os.environ), "PYTHONPATH": str(ROOT)},
            check=False,
        ).returncode
        return _figures(json.loads(report.read_text(encoding="utf-8")), status)


def _figures(report: dict[str, Any], status: int) -> Figures:
    done = {name: each for name, each in report["phases"].items() if each["status"] != "skip"}
    return Figures(
        phases=tuple(done),
        cases=report["test_cases"]["generated"],
        failures=report["test_cases"]["unique_failures"] + len(report["errors"]),
        allowed=report["filtered"],
        seconds=report["running_time"],
        passed=status == 0 and all(each["status"] == "success" for each in done.values()),
    )
