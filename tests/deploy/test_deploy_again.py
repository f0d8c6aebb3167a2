"""A stage deployed again: parameters are kept, what changes is shown, and some of it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dev.deploy import functions, kept, switch
from dev.deploy.failure import DeployFailed
from dev.deploy.target import Target
from tests.deploy.caller import Caller
from tests.deploy.deployment import STAGE, Site, deployed

_NO_RECORD = Path("no-record.json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once; each test goes on from what the one before it left."""
    with deployed(tmp_path_factory.mktemp("logs"), WriteAccess="open") as site:
        yield site


@pytest.fixture
def named(site: Site) -> Callable[..., Target]:
    """Return what gives the stage to a command with these words."""
    clients = SimpleNamespace(client=site.aws.client)
    return lambda *words: Target(STAGE, "arm64", words, clients)


def _deployed(site: Site) -> dict[str, str]:
    return kept.of_stage(SimpleNamespace(client=site.aws.client), STAGE, _NO_RECORD)


def _again(site: Site, **given: str) -> None:
    """Deploy as `make deploy` does, with these words and what is kept."""
    site.parameters = kept.resolved(STAGE, _deployed(site), given)
    site.up()


def _ttl(site: Site) -> int:
    """Return the remaining life in Redis of a product that was just read, in seconds."""
    anyone = Caller(site)
    product_id = anyone.create()["id"]
    anyone.is_cached(product_id)
    return int(site.redis.ttl(f"product:{product_id}"))


def test_a_changed_ttl_is_that_of_the_next_entry_and_stays(site: Site) -> None:
    """A deployment that names nothing keeps it, and who may write."""
    assert 3200 < _ttl(site) <= 3960

    _again(site, CacheTtlSeconds="600")
    assert 500 < _ttl(site) <= 660

    _again(site)
    assert 500 < _ttl(site) <= 660
    assert {"open", "600"} == {site.parameters[name] for name in ("WriteAccess", "CacheTtlSeconds")}


def test_what_was_switched_stays(site: Site) -> None:
    """The next deployment takes it for what is deployed."""
    _switch(site, "CACHE_TTL_SECONDS=60", "CACHE=off", "LOG_LEVEL=ERROR")
    assert "60" == _deployed(site)["CacheTtlSeconds"]

    _again(site)

    assert {"CACHE_TTL_SECONDS": "60", "CACHE_ENABLED": "false", "LOG_LEVEL": "ERROR"}.items() <= (
        _variables(site).items()
    )


def test_what_is_named_undoes_a_switch(site: Site) -> None:
    """Though the stack was deployed with that value before, and sees nothing to change."""
    _again(site, CacheTtlSeconds="60", CacheEnabled="true", LogLevel="DEBUG")
    _switch(site, "CACHE_TTL_SECONDS=90", "CACHE=off")

    _again(site, CacheTtlSeconds="60", CacheEnabled="true")

    assert {"CACHE_TTL_SECONDS": "60", "CACHE_ENABLED": "true"}.items() <= _variables(site).items()
    assert 50 < _ttl(site) <= 66


def test_what_changes_is_shown(
    named: Callable[..., Target], capsys: pytest.CaptureFixture[str]
) -> None:
    """And what differs from the stage's file, since that is not taken."""
    named("CacheTtlSeconds=61", "LogLevel=INFO").agree(yes=False, reset=False)

    lines = capsys.readouterr().out.splitlines()
    assert {"CacheTtlSeconds: 60 → 61", "LogLevel: DEBUG → INFO"} <= set(lines)
    assert "Cache stays external; infra/stages.yaml has nodes, which ARGS=--reset takes" in lines
    assert not any(line.startswith("WriteAccess") for line in lines)


@pytest.mark.parametrize(
    "word", ["Cache=none", "WriteAccess=key", "ReadAccess=iam", "Protected=true"]
)
def test_what_cannot_be_undone_wants_a_yes(named: Callable[..., Target], word: str) -> None:
    """Without a terminal to ask at, it is refused."""
    with pytest.raises(DeployFailed, match=f"To change {word.partition('=')[0]}, add --yes"):
        named(word).agree(yes=False, reset=False)

    named(word).agree(yes=True, reset=False)


def test_a_reset_shows_and_asks_too(
    named: Callable[..., Target], capsys: pytest.CaptureFixture[str]
) -> None:
    """The templates' defaults are what it takes where the stage's file says nothing."""
    with pytest.raises(DeployFailed, match="Cache, WriteAccess"):
        named().agree(yes=False, reset=True)

    assert "WriteAccess: open → iam" in capsys.readouterr().out


def test_a_stage_that_is_not_there_has_nothing_to_keep(site: Site) -> None:
    """Its first deployment takes what its file says."""
    clients = SimpleNamespace(client=site.aws.client)

    assert {} == kept.of_stage(clients, "prod", _NO_RECORD)
    assert "1000" == kept.resolved("prod", {}, {})["RequestsPerSecond"]


def test_listings_are_throttled_by_themselves(site: Site) -> None:
    """As CloudFormation spells their path; `test_deploy_chalice.py` sees that it takes effect."""
    _again(site, ListRequestsPerSecond="1", ListRequestsAtOnce="2")

    listing = site.stage()["methodSettings"]["/~1products/GET"]
    assert (1, 2) == (listing["throttlingRateLimit"], listing["throttlingBurstLimit"])
    assert (100, 200) == site.limits()


def test_documentation_can_be_switched_off(site: Site) -> None:
    """As `prod` has it: the pages are 404, and the root does not link them."""
    assert 200 == Caller(site).ask("GET", "/docs").status
    _switch(site, "DOCS=off")

    for path in ("/docs", "/redoc", "/openapi.json", "/assets/docs.js"):
        assert 404 == Caller(site).ask("GET", path).status
    assert {"products", "health"} == set(Caller(site).ask("GET", "/").json["links"])


def _switch(site: Site, *words: str) -> None:
    clients = SimpleNamespace(client=site.aws.client)
    switch.switch(functions.of_stage(clients, STAGE), switch.settings(words))


def _variables(site: Site) -> dict[str, str]:
    name = site.outputs["APIHandlerName"]
    found = site.aws.client("lambda").get_function_configuration(FunctionName=name)
    return dict(found["Environment"]["Variables"])
