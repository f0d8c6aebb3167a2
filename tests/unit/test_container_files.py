"""What a run of the container files (`make e2e-containers`) cannot show."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.resources import RESOURCES
from dev.stack.environment import OF_ANOTHER_REDIS
from tests.unit.test_env_example import example

ROOT = Path(__file__).parent.parent.parent
COMPOSE = (ROOT / "localstack-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STREAMS = {each.stream_variable for each in RESOURCES}
OF_ANOTHER_REDIS_OR_ACCOUNT = {*OF_ANOTHER_REDIS, *STREAMS}
OF_A_DEPLOYMENT = {"WRITE_ACCESS", "READ_ACCESS", "COGNITO_POOL_ARN", "STAGE"}
OF_MAKE_RUN = {"WATCH_PORT"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def test_images_are_pinned(services: dict[str, Any]) -> None:
    """To a full version, or to the minor version of Python that both stages have."""
    foreign = [each["image"] for each in services.values() if "local" not in each["image"][-6:]]
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)

    assert "localstack/localstack:4.14.0" in foreign
    assert all(re.search(r":[0-9]+\.[0-9]+\.[0-9]+", image) for image in foreign)
    assert 1 == len(set(bases))
    assert re.fullmatch(r"python:3\.1[1-4]-slim-[a-z]+", bases[0])


def test_one_service_builds_the_image_that_the_others_wait_for(services: dict[str, Any]) -> None:
    """Three builds of one tag at once may fail, and no registry has it."""
    ours = {name: each for name, each in services.items() if "product-catalog" in each["image"]}
    policies = {name: each.get("pull_policy") for name, each in ours.items()}

    assert ["prepare"] == [name for name, each in ours.items() if "build" in each]
    assert {"prepare": "build", "api": "never", "stream": "never"} == policies
    assert all("prepare" in ours[name]["depends_on"] for name in ("api", "stream"))


def test_every_setting_is_passed_on_or_left_out_for_a_reason(services: dict[str, Any]) -> None:
    """A new setting is not forgotten, and none describes another Redis or account."""
    passed = {*services["api"]["environment"], *re.findall(r"\$\{([A-Z_]+)", COMPOSE)}
    left_out = OF_ANOTHER_REDIS_OR_ACCOUNT | OF_A_DEPLOYMENT | OF_MAKE_RUN

    assert set() == example().keys() - passed - left_out
    assert set() == passed & left_out
    assert set() == OF_ANOTHER_REDIS_OR_ACCOUNT - example().keys()


def test_every_substitution_has_the_default_of_the_setting() -> None:
    """`${NAME:-value}` has the value of `.env.example`; an empty one is the setting's default."""
    found = set(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE))
    given = {(name, value) for name, value in found if value}
    elsewhere = {("LOG_FORMAT", "text"), ("AWS_PORT", "4566")}  # as for `make run`, `make services`

    assert COMPOSE.count("${") == len(re.findall(r"\$\{[A-Z_]+:-[^}]*\}", COMPOSE))
    assert given - elsewhere == {(name, example()[name]) for name, _ in given - elsewhere}


def test_dockerignore_lets_through_what_is_copied() -> None:
    """And nothing else, so that the build sends little and an image holds no secret."""
    copies = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE)
    copied = {source.rstrip("/") for sources in copies for source in sources.split()}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert [] == [source for source in copied if not (ROOT / source).exists()]
