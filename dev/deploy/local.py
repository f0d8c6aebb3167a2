"""
`make deploy-local`: the stage `emulator` on an emulated AWS, and a real Valkey, until it is ended.

Starts both where `AWS_ENDPOINT_URL` or `REDIS_HOST` names none, and ends what it started.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import redis
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import emulated, gateway_responses, stages
from dev.deploy.emulator import DeployEmulator, client
from dev.deploy.failure import DeployFailed
from dev.deploy.package import pack
from dev.deploy.release import Release
from dev.deploy.runtime import of_this_machine
from dev.stack.programs import StartFailed
from dev.stack.servers import Valkey

_STAGE = "emulator"
_POLL_SECONDS = 0.2


def run(output: Path, running: ExitStack) -> NoReturn:
    """Start, deploy, tell the URL, wait. Raise what stops it, `KeyboardInterrupt` included."""
    parameters = stages.read(_STAGE) | _redis(running, output)
    aws, aws_client = _aws(running, output)
    package = pack(_STAGE, of_this_machine(), parameters, output)
    release = Release(SimpleNamespace(client=aws_client), _STAGE, _POLL_SECONDS)
    if "AWS_ENDPOINT_URL" in os.environ:
        running.callback(release.down, data_too=True)
    kept = release.keep(package.data, parameters)
    _grant(aws_client, kept)
    api_id = release.serve(package, parameters)["RestAPIId"]
    gateway_responses.put(aws_client("apigateway"), api_id, package.app)
    print(
        "Deployed; Ctrl-C ends it. The API's URL:", emulated.url(aws, api_id), sep="\n", flush=True
    )
    while True:
        signal.pause()


def _redis(running: ExitStack, output: Path) -> dict[str, str]:
    if host := os.environ.get("REDIS_HOST"):
        return {"RedisHost": host, "RedisPort": os.environ.get("REDIS_PORT", "6379")}
    valkey = running.enter_context(Valkey(log=output / "valkey.log"))
    return {"RedisHost": valkey.host, "RedisPort": str(valkey.port)}


def _aws(running: ExitStack, output: Path) -> tuple[str, Callable[[str], Any]]:
    """Return where AWS is, and what makes clients of it."""
    if url := os.environ.get("AWS_ENDPOINT_URL"):
        return url, partial(client, url)
    aws = running.enter_context(DeployEmulator(output / "aws.log"))
    return aws.url, aws.client


def _grant(aws_client: Callable[[str], Any], kept: dict[str, str]) -> None:
    secrets = aws_client("secretsmanager")
    password = secrets.get_secret_value(SecretId=kept["RedisPasswordArn"])["SecretString"]
    with redis.Redis(host=kept["RedisHost"], port=int(kept["RedisPort"])) as connection:
        emulated.grant(connection, kept, password)


def _end(_number: int, _frame: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> str | None:
    """Run until it is stopped; return what went wrong."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="catalog-") as output, ExitStack() as running:
            run(Path(output), running)
    except KeyboardInterrupt:
        return None
    except (DeployFailed, StartFailed, BotoCoreError, ClientError, redis.RedisError) as failure:
        return str(failure)


if __name__ == "__main__":
    sys.exit(main())
