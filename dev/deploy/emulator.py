"""
An emulator of AWS that stages are deployed to: all that the templates name, IAM enforced.

In an environment of its own (`tools/emulator.lock`): SAM's translator wants another Pydantic. Its
Lambdas run on its Python, which is the one that packs for this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import boto3

from dev.deploy.package import of_the_machine
from dev.deploy.tools import programs
from dev.environment import REGION
from dev.programs import Program
from dev.servers import Emulator

_SERVICES: Final = (
    "apigateway,cloudformation,cloudwatch,cognito-idp,dynamodb,dynamodbstreams,ec2,elasticache,iam,"
    "lambda,logs,s3,secretsmanager,sqs,sts"
)


class DeployEmulator(Emulator):
    """Ministack with IAM: the key `test` is the account's root; others need a policy."""

    def __init__(self, log: Path | None = None) -> None:
        super().__init__(log=log, services=_SERVICES, env={"AUTH": "true", "LOG_LEVEL": "INFO"})

    def client(self, service: str) -> Any:
        """Return a client of the account's root."""
        return client(self.url, service)

    def _launched(self, scratch: Path) -> Program:
        # A developer's own settings must not reach the functions.
        env = {**of_the_machine(), **self._options(scratch), **self._env}
        command = [str(programs("emulator") / "python"), "-m", "ministack"]
        return Program(self.name, command, env, cwd=scratch, log=self._log)


def client(url: str, service: str) -> Any:
    """Return a client of an emulator's root."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 — it opens nothing
    )
