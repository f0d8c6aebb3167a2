"""The commands behind `make deploy` and `make destroy`, as a person runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.deploy.build import ROOT
from dev.deploy.emulator import DeployEmulator
from dev.deploy.runtime import LAMBDA_MINORS, of_this_machine
from dev.stack.environment import REGION

_DATA = "product-catalog-dev-data"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[DeployEmulator]:
    """Start an AWS without anything in it."""
    with DeployEmulator(tmp_path / "logs" / "aws.log") as aws:
        yield aws


def test_a_stage_comes_and_goes_by_commands(aws: DeployEmulator) -> None:
    """`up` ends with the API's URL; `down` keeps the table until told otherwise."""
    done = _run(aws, "up", "--architecture", of_this_machine().architecture, "Cache=none")
    if sys.version_info.minor not in LAMBDA_MINORS:
        assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
        assert "Lambda takes functions of Python 3.12 to 3.14" in done.stderr
        done = _run(aws, "data", "Cache=none")
    else:
        assert ".execute-api." in done.stdout.splitlines()[-1]

    assert 0 == done.returncode, done.stderr
    assert 0 == _run(aws, "down").returncode
    assert [_DATA] == _stacks(aws)
    assert 0 == _run(aws, "down", "--data").returncode
    assert [] == _stacks(aws)


def test_a_mistake_is_told_in_one_line(aws: DeployEmulator) -> None:
    """Before anything is packed or made."""
    done = _run(aws, "data", "Cach=none")

    assert (1, "Error: No such parameter: Cach") == (done.returncode, done.stderr.strip())
    assert [] == _stacks(aws)


def test_a_configuration_needs_what_is_kept(aws: DeployEmulator) -> None:
    """`complete` without a data stack says which one is missing."""
    done = _run(aws, "complete")

    assert (1, f"Error: There is no stack {_DATA}") == (done.returncode, done.stderr.strip())


def _run(aws: DeployEmulator, command: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        **aws.environment(),
        "AWS_DEFAULT_REGION": REGION,
    }
    program = [sys.executable, "-m", "dev.deploy", command, "--stage", "dev", *words]
    return subprocess.run(
        program, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )


def _stacks(aws: DeployEmulator) -> list[str]:
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    return [stack["StackName"] for stack in stacks]
