"""An unmodified `chalice deploy` over a stage's data stack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.dynamodb.attributes import to_item
from chalicelib.products.cache import CODEC
from dev.deploy import functions, switch
from dev.deploy.failure import DeployFailed
from dev.deploy.runtime import of_this_machine
from dev.stack.environment import REGION
from tests.checkout import checkout, environment
from tests.deploy.caller import MOUSE, Caller
from tests.deploy.deployment import ORIGIN, STAGE, Site, empty, package
from tests.deploy.rest_api_import import importing
from tests.examples import SOME_ID, a_product
from tests.running_stack import eventually

_PROGRAM = """
from dev.deploy import runtime
runtime.LAMBDA_MINORS = range(11, 15)  # the emulator supports Python 3.11 too
from dev.deploy.__main__ import cli
cli()
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Deploy only the data stack."""
    with empty(tmp_path / "logs") as site:
        site.parameters |= {"WriteAccess": "key", "ListRequestsPerSecond": "1"}
        site.parameters |= {"ListRequestsAtOnce": "2", "CacheTtlSeconds": "600"}
        site.keep(package())
        yield site


class _Checkout:
    """A copy of the project, since Chalice keeps its record of a deployment there."""

    def __init__(self, place: Path, site: Site, url: str) -> None:
        self._place = checkout(place)
        keys = site.aws.credentials.environment()
        self._env = environment(**keys, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=url)

    def deploy(self, command: str, site: Site, *options: str) -> str:
        """Run a command of dev.deploy; return the last line of its output."""
        words = [*options, *(f"{name}={value}" for name, value in site.parameters.items())]
        words += ["--architecture", of_this_machine().architecture]
        return self.run(sys.executable, "-c", _PROGRAM, command, "--stage", STAGE, *words)

    def run(self, *command: str) -> str:
        """Run any command; return the last line of its output."""
        done = subprocess.run(
            command, cwd=self._place, env=self._env, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return (done.stdout.splitlines() or [""])[-1]


@pytest.mark.timeout(400)  # seven processes that pack or deploy
def test_chalice_deploys_over_the_data_stack_again_and_again(site: Site, tmp_path: Path) -> None:
    """
    The API works, and the stream invalidates. A second deployment keeps API and data.

    The first deployment is one command. The second is the steps of that command.
    """
    api = site.aws.client("apigateway")
    _write_before_the_deployment(site)
    with importing(site.aws.port, api) as url:
        copy = _Checkout(tmp_path / "checkout", site, url)
        first = copy.deploy("chalice", site)
        site.outputs["RestAPIId"] = _api_id(first)
        product = _lives(site, site.key_holder())
        assert [f"product-catalog-{STAGE}-chalice"] == _plans(api)
        assert [f"product-catalog-{STAGE}"] == [each["name"] for each in _apis(api)]
        eventually(lambda: not site.redis.exists(CODEC.key(SOME_ID)))

        copy.run(sys.executable, "-m", "dev.deploy", "account-logging")
        site.parameters |= {"LogLevel": "WARNING", "WriteAccess": "iam", "GatewayLogs": "true"}
        copy.deploy("data", site, "--yes")
        copy.run("sh", "-c", copy.deploy("configure", site))
        assert first == copy.deploy("complete", site)
        assert product == Caller(site).ask("GET", f"/products/{product['id']}").json
        kept = {"LOG_LEVEL": "WARNING", "CACHE_TTL_SECONDS": "600"}
        assert kept.items() <= _settings(site).items()
        _lives(site, site.caller("shop", "execute-api:Invoke"))
        assert [] == _plans(api)
        _can_be_switched(site)
        site.parameters = {}  # what is not named is kept

        command = copy.deploy("configure", site)
        copy.run("sh", "-c", command)
        assert {"LOG_LEVEL": "ERROR", "CACHE_TTL_SECONDS": "600"}.items() <= _settings(site).items()
        with pytest.raises(DeployFailed, match="chalice delete --stage dev"):
            site.release.down(data_too=True)
        copy.run("sh", "-c", command.replace(" deploy ", " delete "))
    assert [] == site.aws.client("lambda").list_functions()["Functions"]
    assert ["products-dev"] == site.aws.client("dynamodb").list_tables()["TableNames"]


def _write_before_the_deployment(site: Site) -> None:
    """Leave an old entry in Redis, and a record of the change in the stream."""
    site.redis.set(CODEC.key(SOME_ID), b"Vold")
    table = site.outputs["ProductsTableName"]
    site.aws.client("dynamodb").put_item(TableName=table, Item=to_item(a_product()))


def _api_id(url: str) -> str:
    return url.removeprefix("https://").partition(".")[0]


def _can_be_switched(site: Site) -> None:
    """Check that `make switch` finds the functions by the names that Chalice gives them."""
    switch.switch(functions.of_stage(site.clients, STAGE), {"LOG_LEVEL": "ERROR"})
    assert "ERROR" == _settings(site)["LOG_LEVEL"]


def _lives(site: Site, shop: Caller) -> Any:
    """Check access, cache, stream and limits; return a product."""
    _refuses_strangers(site)
    assert site.hears_of_edits(shop)
    mapping = site.mapping()
    assert "TRIM_HORIZON" == mapping["StartingPosition"]
    assert (-1, 82800) == (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"])
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert site.outputs["DeadLetterQueueArn"] == queue
    assert (100.0, 200) == site.limits()
    assert 429 in [Caller(site).ask("GET", "/products").status for _ in range(10)]
    logs = site.parameters.get("GatewayLogs") == "true"
    assert logs == ("accessLogSettings" in site.stage())
    if logs:
        log = site.stage()["accessLogSettings"]["destinationArn"]
        assert site.outputs["AccessLogArn"].removesuffix(":*") == log
    return shop.create()


def _refuses_strangers(site: Site) -> None:
    """Check that a caller without credentials gets a problem with CORS headers."""
    for refused in (
        Caller(site).ask("POST", "/products", MOUSE),
        Caller(site).ask("DELETE", f"/products/{SOME_ID}"),
        Caller(site).ask("GET", "/nothing"),
    ):
        assert (403, True) == (refused.status, refused.is_problem)
        assert ORIGIN == refused.headers["Access-Control-Allow-Origin"]


def _apis(api: Any) -> list[dict[str, Any]]:
    return list(api.get_rest_apis()["items"])


def _plans(api: Any) -> list[str]:
    return [plan["name"] for plan in api.get_usage_plans()["items"]]


def _settings(site: Site) -> dict[str, str]:
    found = site.aws.client("lambda").list_functions()["Functions"]
    (api,) = (each for each in found if not each["FunctionName"].endswith("invalidate"))
    variables: dict[str, str] = api["Environment"]["Variables"]
    return variables
