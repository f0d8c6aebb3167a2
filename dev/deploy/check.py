"""Has cfn-lint and checkov read what a stage deploys. Each exception stands beside its resource."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dev.deploy.failure import DeployFailed
from dev.deploy.tools import programs


def check(*templates: Path) -> None:
    """Raise `DeployFailed` where one of them has a finding; they print it."""
    files = [str(template) for template in templates]
    bin_ = programs("checks")
    cfn_lint = [str(bin_ / "cfn-lint"), "--regions", "eu-central-1", "us-east-1", "--template"]
    checkov = [str(bin_ / "checkov"), "--skip-download", "--quiet", "--compact"]
    checkov += ["--framework", "cloudformation"]
    failed = _fails([*cfn_lint, *files])
    failed |= _fails([*checkov, *(word for file in files for word in ("--file", file))])
    if failed:
        raise DeployFailed("The templates have findings; see above")


def _fails(command: list[str]) -> bool:
    return subprocess.run(command, check=False).returncode != 0
