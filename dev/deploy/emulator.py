"""
An emulator of AWS with all services of the templates and enforced IAM, and what differs from AWS.

It runs in its own environment (`tools/emulator.lock`): SAM's translator needs another Pydantic. Its
Lambda uses the Python that runs this. It has no ElastiCache Serverless, so a Valkey beside it gets
the user that ElastiCache would have.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import redis

from dev.deploy.gateway import STAGE
from dev.deploy.tools import programs
from dev.stack.emulator import REGION, Emulator

_SERVICES: Final = (
    "apigateway,cloudformation,cloudwatch,cognito-idp,dynamodb,dynamodbstreams,ec2,elasticache,iam,"
    "lambda,logs,s3,secretsmanager,sqs,sts"
)


class DeployEmulator(Emulator):
    """
    Ministack with IAM. Its `credentials` are those of the account's root; others need a policy.

    It checks signatures, and accepts keys that its IAM and STS issued.
    """

    def __init__(self, log: Path | None = None) -> None:
        super().__init__(log=log, services=_SERVICES)

    def _python(self) -> Path:
        return programs("emulator") / "python"

    def _options(self, scratch: Path) -> dict[str, str]:
        return {**super()._options(scratch), "AUTH": "true", "LOG_LEVEL": "INFO"}


def client(url: str, service: str) -> Any:
    """Return a client of an emulator that was started elsewhere."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 — emulators accept any
    )


def create_user(client: redis.Redis, outputs: Mapping[str, str], password: str) -> None:
    """Create the functions' user in Redis, with the rights of the data stack."""
    rights = outputs["RedisAccess"].split()
    client.execute_command(
        "ACL", "SETUSER", outputs["RedisUsername"], "reset", f">{password}", *rights
    )


def api_url(emulator: str, api_id: str) -> str:
    """
    Return the API's URL: with its own host name as on AWS, if this machine resolves it.

    Otherwise with a path, whose beginning is missing in `Location` and `Link`.
    """
    where = urlsplit(emulator)
    host = f"{api_id}.execute-api.localhost"
    try:
        socket.getaddrinfo(host, where.port)
    except OSError:
        return f"{emulator}/restapis/{api_id}/{STAGE}/_user_request_"
    return f"http://{host}:{where.port}/{STAGE}"
