"""The other way to deploy: an unmodified `chalice deploy`, over a stage's data stack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dev.deploy import functions, plain, switch
from dev.deploy.runtime import of_this_machine
from dev.environment import REGION
from tests.e2e.caller import MOUSE, Caller
from tests.e2e.deployment import ORIGIN, STAGE, Site, empty, package
from tests.e2e.rest_api_import import importing
from tests.examples import SOME_ID


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Deploy what is kept, and no function."""
    with empty(tmp_path / "logs") as site:
        site.parameters |= {"WriteAccess": "key"}
        site.keep(package())
        yield site


def test_chalice_deploys_over_the_data_stack_again_and_again(site: Site, tmp_path: Path) -> None:
    """The API answers, the stream invalidates; a second deployment keeps API and data."""
    api = site.aws.client("apigateway")
    with importing(site.aws.port, api) as url:
        api_id = _deployed(site, tmp_path, url)
        product = _lives(site, site.key_holder())
        assert [f"product-catalog-{STAGE}-chalice"] == _plans(api)

        site.parameters |= {"LogLevel": "WARNING", "WriteAccess": "iam"}
        site.keep(package())
        assert api_id == _deployed(site, tmp_path, url)
        assert product == Caller(site).ask("GET", f"/products/{product['id']}").json
        assert "WARNING" == _settings(site)["LOG_LEVEL"]
        _lives(site, site.caller("shop", "execute-api:Invoke"))
        assert [] == _plans(api)
        _can_be_switched(site)

        _chalice(site, "delete", tmp_path / "dev-chalice", url)
    assert [] == site.aws.client("lambda").list_functions()["Functions"]
    assert ["products-dev"] == site.aws.client("dynamodb").list_tables()["TableNames"]


def _deployed(site: Site, place: Path, url: str) -> str:
    values = site.parameters | site.outputs
    secrets = site.aws.client("secretsmanager")
    project = plain.prepare(
        STAGE,
        of_this_machine(),
        values,
        lambda arn: secrets.get_secret_value(SecretId=arn)["SecretString"],
        place,
        place / "state",
    )
    _chalice(site, "deploy", project, url)
    clients = SimpleNamespace(client=site.aws.client)
    api_id = plain.complete(clients, STAGE, values, place / "state")
    site.outputs["RestAPIId"] = api_id
    return api_id


def _chalice(site: Site, command: str, project: Path, url: str) -> None:
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **site.aws.credentials.environment(),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
    }
    program = ["-c", "from chalice.cli import main; main()", command, "--stage", STAGE]
    done = subprocess.run(
        [sys.executable, *program],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def _can_be_switched(site: Site) -> None:
    """See that `make switch` finds the functions, by the names that Chalice gives them."""
    clients = SimpleNamespace(client=site.aws.client)
    switch.switch(functions.of_stage(clients, STAGE), {"LOG_LEVEL": "ERROR"})
    assert "ERROR" == _settings(site)["LOG_LEVEL"]


def _lives(site: Site, shop: Caller) -> Any:
    """See who may make a product, the cache, the stream; return a product."""
    _refuses_strangers(site)
    assert site.hears_of_edits(shop)
    mapping = site.mapping()
    assert (-1, 82800) == (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"])
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert site.outputs["DeadLetterQueueArn"] == queue
    assert (100.0, 200) == site.limits()
    log = site.stage()["accessLogSettings"]["destinationArn"]
    assert site.outputs["AccessLogArn"].removesuffix(":*") == log
    return shop.create()


def _refuses_strangers(site: Site) -> None:
    """Who says nothing of himself writes nothing; the gateway's own answers have our shape."""
    for refused in (
        Caller(site).ask("POST", "/products", MOUSE),
        Caller(site).ask("DELETE", f"/products/{SOME_ID}"),
        Caller(site).ask("GET", "/nothing"),
    ):
        assert (403, True) == (refused.status, refused.is_problem)
        assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]


def _plans(api: Any) -> list[str]:
    return [plan["name"] for plan in api.get_usage_plans()["items"]]


def _settings(site: Site) -> dict[str, str]:
    found = site.aws.client("lambda").list_functions()["Functions"]
    (api,) = (each for each in found if not each["FunctionName"].endswith("invalidate"))
    variables: dict[str, str] = api["Environment"]["Variables"]
    return variables
