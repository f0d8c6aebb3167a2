"""What a local API is told of the servers that were started for it."""

import re
from pathlib import Path

import pytest

from dev.stack import environment
from dev.stack.servers import Emulator, Valkey

ROOT = Path(__file__).parents[2]


def test_a_redis_of_our_own_has_nothing_of_another_s() -> None:
    """Whatever stands in the shell of who runs it; how long to wait is theirs to say."""
    names = re.findall(r"(?m)^(?:# )?(REDIS_\w+)=", (ROOT / ".env.example").read_text("utf-8"))

    told = environment.of(Valkey(port=6400), None, dict.fromkeys(names, "of another"))

    redis = {name: value for name, value in told.items() if name.startswith("REDIS_")}
    assert "of another" == redis.pop("REDIS_TIMEOUT_SECONDS")
    assert {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6400"} == redis


def test_an_emulator_of_our_own_is_called_by_nothing_of_the_users_aws() -> None:
    """Whatever begins with AWS_ is the emulator's: profiles, files, keys, region, endpoints."""
    names = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL_DYNAMODB")
    emulator = Emulator(port=4600)

    told = environment.of(Valkey(port=6400), emulator, dict.fromkeys(names, "of the user"))

    of_aws = {name: value for name, value in told.items() if name.startswith("AWS_")}
    assert emulator.environment() == of_aws
    assert "of the user" not in of_aws.values()


@pytest.mark.parametrize(
    ("env", "hosts"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "corp.example"}, "corp.example,127.0.0.1,localhost,::1"),
        ({"no_proxy": "low.example", "NO_PROXY": "up.example"}, "low.example,127.0.0.1,"),
    ],
)
def test_this_machine_is_reached_past_any_proxy(env: dict[str, str], hosts: str) -> None:
    """In both spellings, since some clients read the one and some the other; the rest stays."""
    told = env | environment.without_proxies(env)

    assert told["no_proxy"] == told["NO_PROXY"]
    assert told["no_proxy"].startswith(hosts)


def test_who_uses_no_proxy_at_all_is_left_alone() -> None:
    """`*` counts only by itself, and more after it would undo it."""
    assert {} == environment.without_proxies({"NO_PROXY": "*"})
