"""The container files' rules that a run of `make e2e-containers` does not check."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.resources import RESOURCES
from dev.stack.environment import REDIS_VARIABLES
from tests.unit.test_env_example import example

ROOT = Path(__file__).parent.parent.parent
COMPOSE = (ROOT / "localstack-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STREAMS = {each.stream_variable for each in RESOURCES}
REDIS_AND_ACCOUNT_VARIABLES = {*REDIS_VARIABLES, *STREAMS}
DEPLOYMENT_VARIABLES = {"WRITE_ACCESS", "READ_ACCESS", "COGNITO_POOL_ARN", "STAGE"}
MAKE_RUN_VARIABLES = {"WATCH_PORT"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def test_images_are_pinned(services: dict[str, Any]) -> None:
    """To a full version, or to the same minor version of Python in both stages."""
    foreign = [each["image"] for each in services.values() if "local" not in each["image"][-6:]]
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)

    assert "localstack/localstack:4.14.0" in foreign
    assert all(re.search(r":[0-9]+\.[0-9]+\.[0-9]+", image) for image in foreign)
    assert 1 == len(set(bases))
    assert re.fullmatch(r"python:3\.1[1-4]-slim-[a-z]+", bases[0])


def test_one_service_builds_the_image(services: dict[str, Any]) -> None:
    """The others wait for it: concurrent builds of one tag may fail."""
    built = {name: each for name, each in services.items() if "product-catalog" in each["image"]}
    policies = {name: each.get("pull_policy") for name, each in built.items()}

    assert ["prepare"] == [name for name, each in built.items() if "build" in each]
    assert {"prepare": "build", "api": "never", "stream": "never"} == policies
    assert all("prepare" in built[name]["depends_on"] for name in ("api", "stream"))


def test_every_setting_is_passed_on_or_excluded(services: dict[str, Any]) -> None:
    """No setting is forgotten, and none of another Redis or account is passed on."""
    passed = {*services["api"]["environment"], *re.findall(r"\$\{([A-Z_]+)", COMPOSE)}
    excluded = REDIS_AND_ACCOUNT_VARIABLES | DEPLOYMENT_VARIABLES | MAKE_RUN_VARIABLES

    assert set() == example().keys() - passed - excluded
    assert set() == passed & excluded
    assert set() == REDIS_AND_ACCOUNT_VARIABLES - example().keys()


def test_every_substitution_has_the_default_of_the_setting() -> None:
    """Each has the value of `.env.example`; an empty one means the setting's default."""
    found = set(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE))
    given = {(name, value) for name, value in found if value}
    elsewhere = {("LOG_FORMAT", "text"), ("AWS_PORT", "4566")}  # as for `make run`, `make services`

    assert COMPOSE.count("${") == len(re.findall(r"\$\{[A-Z_]+:-[^}]*\}", COMPOSE))
    assert given - elsewhere == {(name, example()[name]) for name, _ in given - elsewhere}


def test_dockerignore_allows_only_the_copied_files() -> None:
    """So the build context is small, and the image contains no secret."""
    copies = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE)
    copied = {source.rstrip("/") for sources in copies for source in sources.split()}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert [] == [source for source in copied if not (ROOT / source).exists()]
