"""A stage from its first deployment to its end: what stays, what changes, what is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.deploy.build import ROOT
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package
from dev.deploy.stack import Stack
from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed, package
from tests.running_stack import eventually


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Deploy a stage to take down."""
    with deployed(tmp_path, WriteAccess="open") as site:
        yield site


def test_a_stage_is_deployed_again_taken_down_and_comes_up_over_its_data(
    site: Site, tmp_path: Path
) -> None:
    """New code and settings come by an update; without the functions the table stays."""
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
    assert [] == site.aws.client("dynamodb").list_tables()["TableNames"]
    assert [] == site.aws.client("s3").list_buckets()["Buckets"]
    assert [] == site.aws.client("sqs").list_queues().get("QueueUrls", [])
    assert [] == site.aws.client("secretsmanager").list_secrets()["SecretList"]
    assert [] == site.aws.client("iam").list_roles()["Roles"]


def test_a_stage_may_have_no_cache(site: Site) -> None:
    """Then every read is answered from the table, and Redis is asked nothing."""
    site.up(Cache="none", RedisHost="")
    anyone = Caller(site)
    path = f"/products/{anyone.create()['id']}"

    assert ["BYPASS", "BYPASS"] == [anyone.ask("GET", path).headers["X-Cache"] for _ in range(2)]


def test_a_stage_may_be_traced(site: Site) -> None:
    """Tracing=Active has the gateway and both functions begin traces, and lets them send those."""
    site.up(Tracing="Active")

    functions = site.aws.client("lambda").list_functions()["Functions"]
    assert ["Active", "Active"] == [each["TracingConfig"]["Mode"] for each in functions]
    stage = site.aws.client("apigateway").get_stage(
        restApiId=site.outputs["RestAPIId"], stageName="api"
    )
    assert stage["tracingEnabled"]
    for role in (site.outputs["ApiRoleArn"], site.outputs["InvalidateRoleArn"]):
        names = site.aws.client("iam").list_role_policies(RoleName=role.rpartition("/")[2])
        assert "Tracing" in names["PolicyNames"]
    assert 200 == Caller(site).ask("GET", "/health").status


def test_nothing_new_is_no_failure(site: Site) -> None:
    """To deploy the same data stack twice changes nothing and tells the same outputs."""
    assert site.release.keep(package().data, site.parameters) == site.release.data.outputs()


def test_a_stack_that_cannot_be_made_tells_why(site: Site) -> None:
    """The failure names the resource; nothing of the stack is left."""
    name = {"QueueName": "{{resolve:secretsmanager:no-such-secret:SecretString}}"}
    template = {"Resources": {"Broken": {"Type": "AWS::SQS::Queue", "Properties": name}}}
    stack = Stack(site.aws.client("cloudformation"), "broken", poll_seconds=0.1)

    with pytest.raises(DeployFailed, match="Broken"):
        stack.deploy(template, {})
    assert not stack.exists()


def test_deploy_local_tells_a_url_last_and_leaves_nothing(tmp_path: Path) -> None:
    """`make deploy-local` ends with the URL of an API that works; Ctrl-C ends all it started."""
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        local = subprocess.Popen(
            [sys.executable, "-m", "dev.deploy.local"], env=env, stdout=file, stderr=file
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


def _function(site: Site) -> dict[str, Any]:
    functions: Any = site.aws.client("lambda")
    name = site.outputs["APIHandlerName"]
    return dict(functions.get_function_configuration(FunctionName=name))


def _another_build(site: Site, place: Path) -> Package:
    """Return the package with another zip: a change of code, to CloudFormation."""
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
