"""The benchmark of metrics: that it measures; how fast is the machine's affair."""

import re
import subprocess
import sys
from pathlib import Path


def test_it_tells_a_figure_for_each_variant() -> None:
    """Time a hit and its ratio to the one without metrics, which is 1 to itself."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.telemetry", "--rounds", "1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    figures = [
        re.fullmatch(r" *([\d.]+) µs  ([\d.]+)  (.+)", line) for line in done.stdout.splitlines()
    ]
    told = {each[3]: (float(each[1]), float(each[2])) for each in figures if each}
    assert len(figures) == len(told) == 4
    assert 1.0 == told["without metrics"][1]
    assert all(microseconds > 0 for microseconds, _ in told.values())
