"""
An emulator of AWS that stages are deployed to: all that the templates name, IAM enforced.

In an environment of its own (`tools/emulator.lock`): SAM's translator wants another Pydantic. Its
Lambdas run on its Python, which is the one that packs for this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import boto3

from dev.deploy.tools import programs
from dev.stack.emulator import REGION, Emulator

_SERVICES: Final = (
    "apigateway,cloudformation,cloudwatch,cognito-idp,dynamodb,dynamodbstreams,ec2,elasticache,iam,"
    "lambda,logs,s3,secretsmanager,sqs,sts"
)


class DeployEmulator(Emulator):
    """
    Ministack with IAM: its `credentials` are the account root's; others need a policy.

    Beside root's key it takes those that its IAM and STS have issued, whose signatures it checks.
    """

    def __init__(self, log: Path | None = None) -> None:
        super().__init__(log=log, services=_SERVICES)

    def _python(self) -> Path:
        return programs("emulator") / "python"

    def _options(self, scratch: Path) -> dict[str, str]:
        return {**super()._options(scratch), "AUTH": "true", "LOG_LEVEL": "INFO"}


def client(url: str, service: str) -> Any:
    """Return a client of another's emulator, which `AWS_ENDPOINT_URL` names."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 — emulators take any
    )
