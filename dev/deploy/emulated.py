"""
What stands between our templates and an emulator of AWS, and has no part in a real deployment.

* Its CloudFormation leaves out the body's gateway responses: see `gateway_responses.py`.
* It has no ElastiCache Serverless: a Valkey beside it gets the user that ElastiCache would have.
* Its API has another URL than the one that the stack tells.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import redis

from dev.deploy.gateway_responses import STAGE


def grant(client: redis.Redis, outputs: Mapping[str, str], password: str) -> None:
    """Give Redis the functions' user, with the rights that the data stack names."""
    rights = outputs["RedisAccess"].split()
    client.execute_command(
        "ACL", "SETUSER", outputs["RedisUsername"], "reset", f">{password}", *rights
    )


def url(emulator: str, api_id: str) -> str:
    """
    Return where the API is: by its own host name as on AWS, where this machine resolves it.

    Else by a path, as emulators offer too; then `Location` and `Link` do not hold the whole of it.
    """
    where = urlsplit(emulator)
    host = f"{api_id}.execute-api.localhost"
    try:
        socket.getaddrinfo(host, where.port)
    except OSError:
        return f"{emulator}/restapis/{api_id}/{STAGE}/_user_request_"
    return f"http://{host}:{where.port}/{STAGE}"
