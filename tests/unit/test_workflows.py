"""What CI's workflows run is there, and on the Pythons that the project supports."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"(?m)^([a-z0-9-]+):", (ROOT / "Makefile").read_text()))


def _steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize(
    "script", [*(ROOT / ".ci").iterdir(), *WORKFLOWS], ids=lambda path: path.name
)
def test_each_command_is_one_of_the_makefile(script: Path) -> None:
    """A target that was renamed is renamed here too."""
    called = re.findall(r"(?m)^(?:\s*- run: )?make ([a-z0-9-]+)", script.read_text())

    assert set(called) <= TARGETS
    assert called or re.search(r"\.ci/(?:run|readme)", script.read_text())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_its_commit(workflow: Path) -> None:
    """A tag can be moved to other code; the version stands beside it for people."""
    lines = re.findall(r"uses: (.+)", workflow.read_text())

    assert len([step for step in _steps(workflow) if "uses" in step]) == len(lines)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9.]+", line) for line in lines)


def test_the_readme_is_tested_on_every_python_of_the_project() -> None:
    """From the oldest to the newest that pyproject.toml admits."""
    (tests,) = (each for each in WORKFLOWS if each.name == "test.yml")
    matrix = yaml.safe_load(tests.read_text())["jobs"]["readme"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    admitted = SpecifierSet(project["requires-python"])

    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in admitted] == matrix
