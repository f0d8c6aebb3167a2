"""What a local API is told of the Redis that was started for it."""

import re
from pathlib import Path

from dev import environment
from dev.servers import Valkey

ROOT = Path(__file__).parents[2]


def test_a_redis_of_our_own_has_nothing_of_another_s() -> None:
    """Whatever stands in the shell of who runs it; how long to wait is theirs to say."""
    names = re.findall(r"(?m)^(?:# )?(REDIS_\w+)=", (ROOT / ".env.example").read_text("utf-8"))

    told = environment.of(Valkey(port=6400), None, dict.fromkeys(names, "of another"))

    redis = {name: value for name, value in told.items() if name.startswith("REDIS_")}
    assert "of another" == redis.pop("REDIS_TIMEOUT_SECONDS")
    assert {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6400"} == redis
