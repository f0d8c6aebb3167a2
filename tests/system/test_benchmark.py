"""The benchmark, in small: targets are packed, run by Lambda's runtime client, and compared."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.report import charts, filled
from benchmarks.results import goals
from benchmarks.targets import TARGETS
from dev.stack.programs import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(600)]


def test_a_quick_run_compares_every_target_in_every_operation(tmp_path: Path) -> None:
    """Its status says whether a goal is missed, which figures of so few rounds may be."""
    path = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--results", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    results = json.loads(path.read_text())

    for group in ("cold", "warm"):
        for operation in ("hit", "miss", "write"):
            wanted = {each.name for each in TARGETS if operation in each.operations}
            measured = results["functions"][group][operation]
            assert wanted == measured.keys()
            assert all(min(each["wall"]) > 0 for each in measured.values())
    assert (done.returncode == 0) == all(each.is_met for each in goals(results))
    page = filled("<!-- bench:functions -->\n<!-- /bench -->", results)
    assert all(each.label in page for each in TARGETS)
    assert 3 == len(charts(results))
