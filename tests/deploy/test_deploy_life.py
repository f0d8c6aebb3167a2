"""A stage from its first deployment to its removal, by Python and by the commands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dev.deploy.build import ROOT
from dev.deploy.emulator import DeployEmulator
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package
from dev.deploy.runtime import LAMBDA_MINORS, of_this_machine
from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed, package, run
from tests.running_stack import eventually

_DATA = "product-catalog-dev-data"


def test_a_stage_is_updated_removed_and_deployed_over_its_data(tmp_path: Path) -> None:
    """An update brings new code and settings. Without the functions the table stays."""
    with deployed(tmp_path, WriteAccess="open") as site:
        anyone = Caller(site)
        assert site.hears_of_edits(anyone)
        product = anyone.create()
        before = _function(site)

        site.up(_another_build(site, tmp_path / "another"), LogLevel="WARNING")
        after = _function(site)
        assert before["CodeSha256"] != after["CodeSha256"]
        assert "WARNING" == after["Environment"]["Variables"]["LOG_LEVEL"]
        assert product == anyone.ask("GET", f"/products/{product['id']}").json
        assert site.hears_of_edits(anyone)

        site.release.down(data_too=False)
        assert [] == site.aws.client("lambda").list_functions()["Functions"]
        assert [] == site.aws.client("apigateway").get_rest_apis()["items"]
        with pytest.raises(DeployFailed, match="no stack"):
            site.release.app.outputs()

        site.up()
        assert product == anyone.ask("GET", f"/products/{product['id']}").json

        site.release.down(data_too=True)
        _is_empty(site.aws)


def test_a_stage_is_deployed_and_removed_by_commands(tmp_path: Path) -> None:
    """`up` prints the API's URL last. `down` keeps the table unless `--data` is given."""
    with DeployEmulator(tmp_path / "aws.log") as aws:
        done = run(aws, "complete")
        assert (1, f"Error: There is no stack {_DATA}") == (done.returncode, done.stderr.strip())

        if sys.version_info.minor in LAMBDA_MINORS:
            done = run(aws, "up", "--architecture", of_this_machine().architecture, "Cache=none")
            assert ".execute-api." in done.stdout.splitlines()[-1]
        else:
            done = run(aws, "data", "Cache=none")

        assert 0 == done.returncode, done.stderr
        assert 0 == run(aws, "down").returncode
        assert [_DATA] == _stacks(aws)
        assert 0 == run(aws, "down", "--data").returncode
        assert [] == _stacks(aws)


def test_deploy_local_prints_a_url_last_and_leaves_nothing(tmp_path: Path) -> None:
    """`make deploy-local` prints the URL of an API that works. Ctrl-C stops all processes."""
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        local = subprocess.Popen(
            [sys.executable, "-m", "dev.deploy", "local"], env=env, stdout=file, stderr=file
        )
    try:
        eventually(lambda: _last_line(output).startswith("http"), seconds=110)
        health = subprocess.run(
            ["curl", "-sf", f"{_last_line(output)}/health"], capture_output=True, check=True
        )
        assert b'"healthy"' in health.stdout
        started = _children(local.pid)
        assert started
    finally:
        local.send_signal(signal.SIGINT)
        ended = local.wait(30)

    assert 0 == ended
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert [output] == list(tmp_path.iterdir())


def _is_empty(aws: DeployEmulator) -> None:
    assert [] == aws.client("dynamodb").list_tables()["TableNames"]
    assert [] == aws.client("s3").list_buckets()["Buckets"]
    assert [] == aws.client("sqs").list_queues().get("QueueUrls", [])
    assert [] == aws.client("secretsmanager").list_secrets()["SecretList"]
    assert [] == aws.client("iam").list_roles()["Roles"]


def _stacks(aws: DeployEmulator) -> list[str]:
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    return [stack["StackName"] for stack in stacks]


def _function(site: Site) -> dict[str, Any]:
    functions: Any = site.aws.client("lambda")
    name = site.outputs["APIHandlerName"]
    return dict(functions.get_function_configuration(FunctionName=name))


def _another_build(site: Site, place: Path) -> Package:
    """Return the package with another zip, which CloudFormation sees as a change of code."""
    built = package(site.parameters)
    shutil.copytree(built.place, place, ignore=shutil.ignore_patterns("project"))
    with zipfile.ZipFile(place / "functions.zip", "a") as code:
        code.writestr("chalicelib/another_build.py", "")
    return built._replace(place=place)


def _last_line(output: Path) -> str:
    return (output.read_text().splitlines() or [""])[-1]


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]
