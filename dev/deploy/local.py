"""
`make deploy-local`: the stage `emulator` on an emulated AWS, with a real Valkey, until Ctrl-C.

Starts them unless `AWS_ENDPOINT_URL` or `REDIS_HOST` is set, and stops what it started.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import redis
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import gateway, stages
from dev.deploy.emulator import DeployEmulator, api_url, client, create_user
from dev.deploy.failure import DeployFailed
from dev.deploy.package import pack
from dev.deploy.release import Release
from dev.deploy.runtime import of_this_machine
from dev.stack.programs import StartFailed
from dev.stack.servers import Valkey

_STAGE = "emulator"
_POLL_SECONDS = 0.2


def run(output: Path, running: ExitStack) -> NoReturn:
    """Start, deploy, print the URL, and wait. Raise what stops it, also `KeyboardInterrupt`."""
    parameters = stages.read(_STAGE) | _redis(running, output)
    aws, aws_client = _aws(running, output)
    package = pack(_STAGE, of_this_machine(), parameters, output)
    release = Release(SimpleNamespace(client=aws_client), _STAGE, _POLL_SECONDS)
    if "AWS_ENDPOINT_URL" in os.environ:
        running.callback(release.down, data_too=True)
    kept = release.keep(package.data, parameters)
    _grant(aws_client, kept)
    api_id = release.serve(package, parameters)["RestAPIId"]
    gateway.put_responses(aws_client("apigateway"), api_id, package.app)
    print("Deployed; Ctrl-C stops it. The API's URL:", api_url(aws, api_id), sep="\n", flush=True)
    while True:
        signal.pause()


def _redis(running: ExitStack, output: Path) -> dict[str, str]:
    if host := os.environ.get("REDIS_HOST"):
        return {"RedisHost": host, "RedisPort": os.environ.get("REDIS_PORT", "6379")}
    valkey = running.enter_context(Valkey(log=output / "valkey.log"))
    return {"RedisHost": valkey.host, "RedisPort": str(valkey.port)}


def _aws(running: ExitStack, output: Path) -> tuple[str, Callable[[str], Any]]:
    """Return the URL of AWS, and a function that makes its clients."""
    if url := os.environ.get("AWS_ENDPOINT_URL"):
        return url, partial(client, url)
    aws = running.enter_context(DeployEmulator(output / "aws.log"))
    return aws.url, aws.client


def _grant(aws_client: Callable[[str], Any], kept: dict[str, str]) -> None:
    secrets = aws_client("secretsmanager")
    password = secrets.get_secret_value(SecretId=kept["RedisPasswordArn"])["SecretString"]
    with redis.Redis(host=kept["RedisHost"], port=int(kept["RedisPort"])) as connection:
        create_user(connection, kept, password)


def _end(_number: int, _frame: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> str | None:
    """Run until it is stopped. Return the failure, if any."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="catalog-") as output, ExitStack() as running:
            run(Path(output), running)
    except KeyboardInterrupt:
        return None
    except (DeployFailed, StartFailed, BotoCoreError, ClientError, redis.RedisError) as failure:
        return str(failure)
