"""
`localstack-compose.yml`, held to its form and to the project.

No container engine runs where the tests do, so nothing here starts one.
"""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.unit.compose_schema import SERVICE_SCHEMA
from tests.unit.test_env_example import example

ROOT = Path(__file__).parent.parent.parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "localstack-compose.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose: Any) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_the_file_has_the_form_of_a_compose_file(compose: Any, services: dict[str, Any]) -> None:
    """Each service has the keys and types that Compose knows."""
    assert {"name", "services"} == compose.keys()
    for service in services.values():
        jsonschema.validate(service, SERVICE_SCHEMA)


def test_images_are_pinned(services: dict[str, Any]) -> None:
    """To a full version, or else built here."""
    foreign = [service["image"] for service in services.values() if "build" not in service]

    assert "localstack/localstack:4.14.0" in foreign
    assert [] == [image for image in foreign if not re.search(r":[0-9]+\.[0-9]+\.[0-9]+", image)]


def test_every_variable_of_our_services_is_a_setting(services: dict[str, Any]) -> None:
    """But for the credentials, which are boto3's to read."""
    given = {name for each in services.values() if "build" in each for name in each["environment"]}

    assert CREDENTIALS <= given
    assert set() == given - CREDENTIALS - example().keys()


def test_every_substitution_is_a_setting_with_its_default() -> None:
    """`${NAME:-value}` says the same value as `.env.example`, which a bare `make up` goes by."""
    text = (ROOT / "localstack-compose.yml").read_text("utf-8")
    found = set(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text))
    elsewhere = {("LOG_FORMAT", "text")}  # for people, as in `make run`

    assert text.count("${") == len(re.findall(r"\$\{[A-Z_]+:-[^}]*\}", text))
    assert set() == {(name, value) for name, value in found - elsewhere if example()[name] != value}


def test_a_service_waits_for_what_can_be_waited_for(services: dict[str, Any]) -> None:
    """Healthy: there is a health check. Completed: it is the one that ends."""
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
            else:
                assert "dev.prepare" in services[name]["command"]


def test_the_api_starts_after_redis_and_the_table(services: dict[str, Any]) -> None:
    """And the table after LocalStack."""
    assert {"redis", "prepare"} == services["api"]["depends_on"].keys()
    assert {"localstack"} == services["prepare"]["depends_on"].keys()


def test_ports_are_open_to_this_machine_only(services: dict[str, Any]) -> None:
    """Outside is what `.env.example` says, inside is where each server listens."""
    ports = {name: each["ports"] for name, each in services.items() if "ports" in each}

    assert {
        "localstack": ["127.0.0.1:4566:4566"],
        "redis": ["127.0.0.1:${REDIS_PORT:-6379}:6379"],
        "api": ["127.0.0.1:${API_PORT:-8080}:8080"],
    } == ports
    assert ":4566" in example()["AWS_ENDPOINT_URL"]


def test_the_api_is_pointed_at_its_neighbours(services: dict[str, Any]) -> None:
    """By the names and ports that they have inside."""
    env = services["api"]["environment"]

    assert env["REDIS_HOST"] in services
    assert "http://localstack:4566" == env["AWS_ENDPOINT_URL"]
    assert ("6379", "8080") == (env["REDIS_PORT"], env["API_PORT"])


def test_programs_that_containers_run_exist(services: dict[str, Any]) -> None:
    """`python -m` names modules of this project."""
    ours = [each for each in services.values() if "build" in each]
    commands = [each["command"] for each in ours if "command" in each]

    assert 2 == len(commands)
    for python, option, module in commands:
        assert ("python", "-m") == (python, option)
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()
