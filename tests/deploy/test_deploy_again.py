"""A stage deployed again: parameters are kept, and changes are shown and confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.deploy import functions, kept, switch
from dev.deploy.failure import DeployFailed
from dev.deploy.target import Target
from tests.deploy.caller import Caller
from tests.deploy.deployment import STAGE, Site, deployed

_NO_RECORD = Path("no-record.json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once. Each test continues from the state that the one before it left."""
    with deployed(tmp_path_factory.mktemp("logs"), WriteAccess="open") as site:
        yield site


@pytest.fixture
def named(site: Site) -> Callable[..., Target]:
    """Return a function that makes a command's target of its words."""
    return lambda *words: Target(STAGE, "arm64", words, site.clients)


def test_a_changed_ttl_applies_to_the_next_entry_and_is_kept(site: Site) -> None:
    """A deployment that names no parameter keeps it, and the access."""
    assert 3200 < _ttl(site) <= 3960

    _again(site, CacheTtlSeconds="600")
    assert 500 < _ttl(site) <= 660

    _again(site)
    assert 500 < _ttl(site) <= 660
    assert {"open", "600"} == {site.parameters[name] for name in ("WriteAccess", "CacheTtlSeconds")}


def test_a_switch_is_kept_until_a_parameter_is_named(site: Site) -> None:
    """Although the stack was deployed with the named value, and has no change to make."""
    _switch(site, "CACHE_TTL_SECONDS=60", "CACHE=off", "LOG_LEVEL=ERROR")
    assert "60" == _deployed(site)["CacheTtlSeconds"]

    _again(site)
    switched = {"CACHE_TTL_SECONDS": "60", "CACHE_ENABLED": "false", "LOG_LEVEL": "ERROR"}
    assert switched.items() <= _variables(site).items()

    _switch(site, "CACHE_TTL_SECONDS=90")
    _again(site, CacheTtlSeconds="60", CacheEnabled="true", LogLevel="DEBUG")
    named = {"CACHE_TTL_SECONDS": "60", "CACHE_ENABLED": "true", "LOG_LEVEL": "DEBUG"}
    assert named.items() <= _variables(site).items()
    assert 50 < _ttl(site) <= 66


def test_changes_are_shown(
    named: Callable[..., Target], capsys: pytest.CaptureFixture[str]
) -> None:
    """And differences from the stage's file, since its values are not used."""
    named("CacheTtlSeconds=61", "LogLevel=INFO").agree(yes=False, reset=False)

    lines = capsys.readouterr().out.splitlines()
    assert {"CacheTtlSeconds: 60 → 61", "LogLevel: DEBUG → INFO"} <= set(lines)
    assert "Cache stays external; infra/stages.yaml has nodes, which ARGS=--reset takes" in lines
    assert not any(line.startswith("WriteAccess") for line in lines)


@pytest.mark.parametrize(
    "word", ["Cache=none", "WriteAccess=key", "ReadAccess=iam", "Protected=true"]
)
def test_irreversible_changes_need_a_yes(named: Callable[..., Target], word: str) -> None:
    """Without a terminal for the question, they are refused."""
    with pytest.raises(DeployFailed, match=f"To change {word.partition('=')[0]}, add --yes"):
        named(word).agree(yes=False, reset=False)

    named(word).agree(yes=True, reset=False)


def test_a_reset_shows_changes_and_needs_a_yes(
    named: Callable[..., Target], capsys: pytest.CaptureFixture[str]
) -> None:
    """It uses the templates' defaults for what the stage's file does not name."""
    with pytest.raises(DeployFailed, match="Cache, WriteAccess"):
        named().agree(yes=False, reset=True)

    assert "WriteAccess: open → iam" in capsys.readouterr().out


def test_tracing_and_the_limits_of_listings_can_be_changed(site: Site) -> None:
    """The gateway and both functions start traces. `test_deploy_chalice.py` meets the limit."""
    _again(site, Tracing="Active", ListRequestsPerSecond="1", ListRequestsAtOnce="2")

    listing = site.stage()["methodSettings"]["/~1products/GET"]
    assert (1, 2) == (listing["throttlingRateLimit"], listing["throttlingBurstLimit"])
    assert (100, 200) == site.limits()
    assert site.stage()["tracingEnabled"]
    found = site.aws.client("lambda").list_functions()["Functions"]
    assert ["Active", "Active"] == [each["TracingConfig"]["Mode"] for each in found]
    for role in (site.outputs["ApiRoleArn"], site.outputs["InvalidateRoleArn"]):
        names = site.aws.client("iam").list_role_policies(RoleName=role.rpartition("/")[2])
        assert "Tracing" in names["PolicyNames"]
    assert 200 == Caller(site).ask("GET", "/health").status


def _deployed(site: Site) -> dict[str, str]:
    return kept.of_stage(site.clients, STAGE, _NO_RECORD)


def _again(site: Site, **given: str) -> None:
    """Deploy as `make deploy` does, with these parameters and those that are kept."""
    site.parameters = kept.resolved(STAGE, _deployed(site), given)
    site.up()


def _ttl(site: Site) -> int:
    """Return the remaining seconds in Redis of a product that was just read."""
    anyone = Caller(site)
    product_id = anyone.create()["id"]
    anyone.is_cached(product_id)
    return int(site.redis.ttl(f"product:{product_id}"))


def _switch(site: Site, *words: str) -> None:
    switch.switch(functions.of_stage(site.clients, STAGE), switch.settings(words))


def _variables(site: Site) -> dict[str, str]:
    name = site.outputs["APIHandlerName"]
    found = site.aws.client("lambda").get_function_configuration(FunctionName=name)
    return dict(found["Environment"]["Variables"])
