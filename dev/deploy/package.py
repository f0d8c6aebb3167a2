"""
Packs a stage by `chalice package`: two templates and the functions' zip.

The same source gives the same zip, byte for byte: its dates are constant and its wheels pinned.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from dev.deploy import settings, templates
from dev.deploy.build import ROOT, build
from dev.deploy.failure import DeployFailed
from dev.deploy.runtime import Runtime
from dev.deploy.stages import Parameters
from dev.deploy.templates import Template

OUTPUT: Final = Path(".local/deploy")

_NO_ROLE: Final = "arn:aws:iam::000000000000:role/stand-in"


class Package(NamedTuple):
    """What is deployed, and its directory with `data.json`, `app.json` and the zip."""

    place: Path
    data: Template
    app: Template

    @property
    def code(self) -> Path:
        """The functions' zip."""
        return self.place / "functions.zip"


def pack(stage: str, runtime: Runtime, parameters: Parameters, output: Path = OUTPUT) -> Package:
    """Build and pack. Raise `DeployFailed`."""
    ours = templates.app()
    variables = settings.when_packed(ours, parameters)
    settings.pin(ours, parameters)
    place = output.absolute() / stage
    shutil.rmtree(place, ignore_errors=True)
    project = place / "project"
    build(runtime, project, OUTPUT.absolute())
    _configure(project, runtime)
    write(project / "merge.json", ours)
    packed = by_chalice(project, variables, "--stage", stage, "--merge-template", "merge.json")
    return _collected(packed, place)


def of_the_machine() -> dict[str, str]:
    """Return the variables that programs need, without settings of a developer's shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _configure(project: Path, runtime: Runtime) -> None:
    """Copy our configuration, without a role: the merged template has the roles."""
    config: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())
    config["lambda_architecture"] = runtime.architecture
    config |= {"manage_iam_role": False, "iam_role_arn": _NO_ROLE}
    write(project / ".chalice" / "config.json", config)


def by_chalice(project: Path, settings: dict[str, str], *options: str) -> Path:
    """Run `chalice package`; return the directory with its output. Raise `DeployFailed`."""
    command = ["-c", "from chalice.cli import main; main()", "package", *options, "packed"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env={**of_the_machine(), **settings, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeployFailed(f"chalice package failed:\n{done.stderr.strip()}")
    return project / "packed"


def _collected(packed: Path, place: Path) -> Package:
    app: Template = json.loads((packed / "sam.json").read_text())
    package = Package(place, templates.data(), app)
    shutil.move(packed / "deployment.zip", package.code)
    write(place / "data.json", package.data)
    write(place / "app.json", package.app)
    return package


def write(path: Path, content: Any) -> None:
    """Write indented JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
