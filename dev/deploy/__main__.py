"""
Deploys a stage to AWS: `python -m dev.deploy <command> --stage <stage> [Name=Value …]`.

    package     pack the functions and both templates
    check       the same, read by cfn-lint and checkov
    up          deploy all of it; the last line is the API's URL
    down        take API and functions down; --data: what is kept too
    data        deploy what is kept, alone
    configure   make the project for a plain `chalice deploy` over it
    complete    say what that could not; the last line is the API's URL
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import keys, plain, stages, templates
from dev.deploy.check import check
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package, pack
from dev.deploy.release import Release
from dev.deploy.runtime import of_lambda
from dev.deploy.stages import Parameters

Options = argparse.Namespace


def main(words: list[str]) -> str | None:
    """Do what the words say; return what went wrong."""
    options = _parser().parse_intermixed_args(words)
    try:
        parameters = stages.read(options.stage) | stages.given(options.parameters)
        stages.check(parameters, (templates.data(), templates.app()))
        COMMANDS[options.command](options, parameters)
    except (DeployFailed, Boto3Error, BotoCoreError, ClientError) as failure:
        return str(failure)
    return None


def _package(options: Options, parameters: Parameters) -> Package:
    package = pack(options.stage, of_lambda(options.architecture), parameters)
    print(f"Packed into {package.place}: functions.zip, data.json, app.json", flush=True)
    return package


def _check(options: Options, parameters: Parameters) -> None:
    package = _package(options, parameters)
    check(package.place / "data.json", package.place / "app.json")


def _up(options: Options, parameters: Parameters) -> None:
    package = _package(options, parameters)
    outputs = _release(options).up(package, parameters)
    print(outputs["EndpointURL"].rstrip("/"))


def _down(options: Options, _parameters: Parameters) -> None:
    keys.remove(boto3.client("apigateway"), options.stage)
    _release(options).down(data_too=options.data)


def _data(options: Options, parameters: Parameters) -> None:
    _release(options).keep(templates.data(), parameters)


def _configure(options: Options, parameters: Parameters) -> None:
    runtime = of_lambda(options.architecture)
    values = parameters | _release(options).data.outputs()
    secrets = boto3.client("secretsmanager")

    def secret(arn: str) -> str:
        content: str = secrets.get_secret_value(SecretId=arn)["SecretString"]
        return content

    place = plain.prepare(options.stage, runtime, values, secret)
    chalice = Path(sys.executable).with_name("chalice")
    print(f"cd {place} && {chalice} deploy --stage {options.stage}")


def _complete(options: Options, parameters: Parameters) -> None:
    values = parameters | _release(options).data.outputs()
    api_id = plain.complete(boto3, options.stage, values)
    region = boto3.Session().region_name
    print(f"https://{api_id}.execute-api.{region}.amazonaws.com/api")


COMMANDS: Final[dict[str, Callable[[Options, Parameters], Any]]] = {
    "package": _package,
    "check": _check,
    "up": _up,
    "down": _down,
    "data": _data,
    "configure": _configure,
    "complete": _complete,
}


def _release(options: Options) -> Release:
    return Release(boto3.Session(), options.stage)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev.deploy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stage", default="dev", help="a stage of infra/stages.yaml")
    parser.add_argument("--architecture", default="arm64", help="arm64 or x86_64")
    parser.add_argument("--data", action="store_true", help="down: what is kept too")
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="over the stage's")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
