"""The environment of a local API with the servers that were started for it."""

import re
from pathlib import Path

import pytest

from dev.stack import environment
from dev.stack.servers import Valkey

ROOT = Path(__file__).parents[2]


def test_an_own_redis_ignores_settings_of_another() -> None:
    """Except the time-out."""
    names = re.findall(r"(?m)^(?:# )?(REDIS_\w+)=", (ROOT / ".env.example").read_text("utf-8"))

    env = environment.of(Valkey(port=6400), None, dict.fromkeys(names, "of another"))

    redis = {name: value for name, value in env.items() if name.startswith("REDIS_")}
    assert "of another" == redis.pop("REDIS_TIMEOUT_SECONDS")
    assert {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6400"} == redis


@pytest.mark.parametrize(
    ("env", "hosts"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "corp.example"}, "corp.example,127.0.0.1,localhost,::1"),
        ({"no_proxy": "low.example", "NO_PROXY": "up.example"}, "low.example,127.0.0.1,"),
    ],
)
def test_local_calls_use_no_proxy(env: dict[str, str], hosts: str) -> None:
    """In both spellings, because clients differ. Other hosts stay."""
    merged = env | environment.without_proxies(env)

    assert merged["no_proxy"] == merged["NO_PROXY"]
    assert merged["no_proxy"].startswith(hosts)


def test_no_proxy_for_all_hosts_stays() -> None:
    """`*` works only alone."""
    assert {} == environment.without_proxies({"NO_PROXY": "*"})
