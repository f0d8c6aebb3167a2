"""A stage deployed to an emulated AWS, with IAM enforced and a real Valkey."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import redis
from botocore.credentials import Credentials

from dev.deploy import gateway, settings, stages
from dev.deploy.build import ROOT
from dev.deploy.emulator import DeployEmulator, create_user
from dev.deploy.package import Package, pack
from dev.deploy.release import Release
from dev.deploy.runtime import of_this_machine
from dev.deploy.stages import Parameters
from dev.stack.environment import REGION
from dev.stack.servers import Valkey
from tests.deploy.caller import Caller
from tests.running_stack import eventually

STAGE = "dev"
ORIGIN = "https://shop.example"


def run(
    aws: DeployEmulator, command: str, *words: str, stage: str = STAGE
) -> subprocess.CompletedProcess[str]:
    """Run a command of `dev.deploy` in its own process, with root's credentials."""
    env = {**os.environ, **aws.environment(), "AWS_DEFAULT_REGION": REGION}
    program = [sys.executable, "-m", "dev.deploy", command, "--stage", stage, *words]
    return subprocess.run(
        program, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )


def package(parameters: Parameters | None = None) -> Package:
    """Pack once for all deployments of a test run that allow the same callers."""
    given = {"CorsAllowOrigin": ORIGIN} | (parameters or {})
    return _packed(tuple((name, given[name]) for name in settings.PACKED if name in given))


@cache
def _packed(parameters: tuple[tuple[str, str], ...]) -> Package:
    place = tempfile.mkdtemp(dir=_place().name)
    return pack(STAGE, of_this_machine(), dict(parameters), Path(place))


@cache
def _place() -> tempfile.TemporaryDirectory[str]:
    """Return a directory that is removed after the test run."""
    return tempfile.TemporaryDirectory(prefix="catalog-package-")


class Site:
    """The stage, as its operator sees it with the credentials of the account's root."""

    def __init__(self, aws: DeployEmulator, valkey: Valkey) -> None:
        self.aws = aws
        self.valkey = valkey
        self.redis = redis.Redis(port=valkey.port)
        self.clients = SimpleNamespace(client=aws.client)
        self.release = Release(self.clients, STAGE, poll_seconds=0.1)
        self.parameters = stages.read(STAGE) | {
            "Cache": "external",
            "CorsAllowOrigin": ORIGIN,
            "RedisHost": valkey.host,
            "RedisPort": str(valkey.port),
            "RedisTls": "false",
        }
        self.outputs: dict[str, str] = {}

    def up(self, what: Package | None = None, **parameters: str) -> None:
        """Deploy as `make deploy` does. The Valkey gets its user between the two stacks."""
        self.parameters |= parameters
        what = what or package(self.parameters)
        self.keep(what)
        self.outputs |= self.release.serve(what, self.parameters)
        api = self.aws.client("apigateway")
        api_id = self.outputs["RestAPIId"]
        gateway.put_responses(api, api_id, what.app, ORIGIN)

    def keep(self, what: Package) -> None:
        """Deploy only the data stack, and create the Valkey's user."""
        self.outputs |= self.release.keep(what.data, self.parameters)
        secrets = self.aws.client("secretsmanager")
        arn = self.outputs["RedisPasswordArn"]
        password = secrets.get_secret_value(SecretId=arn)["SecretString"]
        create_user(self.redis, self.outputs, password)

    def caller(self, name: str, *actions: str) -> Caller:
        """Return a new user with these actions of execute-api on the API."""
        iam = self.aws.client("iam")
        iam.create_user(UserName=name)
        if actions:
            arn = f"arn:aws:execute-api:{REGION}:*:{self.outputs['RestAPIId']}/api/*"
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": arn}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Caller(self, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))

    def key_holder(self) -> Caller:
        """Return a caller with the stage's API key."""
        api = self.aws.client("apigateway")
        key = api.get_api_key(apiKey=self.outputs["ApiKeyId"], includeValue=True)
        return Caller(self, X_Api_Key=key["value"])

    def edit(self, product_id: str, stock: int) -> None:
        """Change the item as an operator would, without the API."""
        self.aws.client("dynamodb").update_item(
            TableName=self.outputs["ProductsTableName"],
            Key={"id": {"S": product_id}},
            UpdateExpression="SET stock_quantity = :n",
            ExpressionAttributeValues={":n": {"N": str(stock)}},
        )

    def hears_of_edits(self, who: Caller) -> bool:
        """Return whether the stream deletes the key of a product that was changed in the table."""
        product_id = who.create()["id"]
        who.is_cached(product_id)
        self.edit(product_id, 7)
        eventually(lambda: not self.knows(product_id))
        path = f"/products/{product_id}"
        return bool(who.ask("GET", path).json["stock_quantity"] == 7)

    def mapping(self) -> dict[str, Any]:
        """Return the event source mapping of the stream."""
        functions = self.aws.client("lambda")
        (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
        return dict(mapping)

    def stage(self) -> dict[str, Any]:
        """Return API Gateway's stage."""
        api = self.aws.client("apigateway")
        return dict(api.get_stage(restApiId=self.outputs["RestAPIId"], stageName="api"))

    def limits(self) -> tuple[float, int]:
        """Return the stage's rate limit and burst limit."""
        settings = self.stage()["methodSettings"]["*/*"]
        return settings["throttlingRateLimit"], settings["throttlingBurstLimit"]

    def knows(self, product_id: str) -> bool:
        """Return whether Redis has the product's key."""
        return bool(self.redis.exists(f"product:{product_id}"))


@contextmanager
def empty(logs: Path) -> Iterator[Site]:
    """Start an empty AWS and an empty Valkey."""
    with Valkey(log=logs / "valkey.log") as valkey, DeployEmulator(logs / "aws.log") as aws:
        yield Site(aws, valkey)


@contextmanager
def deployed(logs: Path, **parameters: str) -> Iterator[Site]:
    """Deploy the stage `dev`."""
    with empty(logs) as site:
        site.up(**parameters)
        yield site
