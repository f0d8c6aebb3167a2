"""Runs schemathesis, as a program, and reads its report. Knows which phases go together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from dev.openapi.document import ROOT
from dev.stack.environment import past_proxies

CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
PHASES: Final = ("examples,coverage,fuzzing", "stateful")
"""Apart: in one run, the stateful phase takes up what the others found and ends after 20 ways."""

_FILES: Final = "/assets/{name}"
"""Megabytes that never change; `tests/api/test_docs.py` has them."""


class Figures(NamedTuple):
    """What a run came to."""

    phases: tuple[str, ...]
    cases: int
    failures: int
    allowed: int
    seconds: float
    passed: bool

    def told(self) -> str:
        """Return it in a line."""
        return (
            f"{', '.join(self.phases)}: {self.cases} cases in {self.seconds:.0f} s, "
            f"{self.failures} failures, {self.allowed} on the list of what is none"
        )


def run(url: str, document: Path, phases: str, examples: int, seed: str = "") -> Figures:
    """Hold the API at `url` to `document`, by `examples` of each operation or more."""
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
            env={**os.environ, **past_proxies(os.environ), "PYTHONPATH": str(ROOT)},
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
