"""The environment of a local API: which settings follow from the servers that were started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from dev.servers import Emulator, Valkey

REGION: Final = "us-east-1"
OF_ANOTHER_REDIS: Final = (
    "REDIS_DB",
    "REDIS_CLUSTER",
    "REDIS_TLS",
    "REDIS_CA_FILE",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_IAM_CACHE",
)
"""What the environment may say of a Redis, and does not hold for one that we start."""
_NO_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "",
    "AWS_PROFILE": "",
}


def of(
    valkey: Valkey | None, aws: Emulator | None, env: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """
    Return `env` with the settings of an API that uses these two.

    `None` stands for a server that `env` names itself.
    """
    defaults = {
        "PRODUCTS_TABLE": "products",
        "AWS_REGION": env.get("AWS_DEFAULT_REGION") or REGION,
        "LOG_FORMAT": "text",
    }
    settings = {**defaults, **{name: value for name, value in env.items() if value}}
    if not settings.keys() & {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"}:
        settings |= _NO_CREDENTIALS
    if valkey is not None:
        settings |= dict.fromkeys(OF_ANOTHER_REDIS, "")
        settings |= {"REDIS_HOST": valkey.host, "REDIS_PORT": str(valkey.port)}
    if aws is not None:
        # No real credentials to an emulator, and no profile that it cannot know.
        settings |= _NO_CREDENTIALS | {"AWS_ENDPOINT_URL": aws.url}
    return {name: value for name, value in settings.items() if value}
