"""`python -m dev.deploy package|check|up|down`: packs, checks, deploys, destroys a stage on AWS."""

from __future__ import annotations

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import stages
from dev.deploy.check import check
from dev.deploy.failure import DeployFailed
from dev.deploy.package import OUTPUT, Package, pack
from dev.deploy.release import Release
from dev.deploy.runtime import of_lambda
from dev.deploy.stages import Parameters


def main(words: list[str]) -> str | None:
    """Do what the words say; return what went wrong."""
    options = _parser().parse_args(words)
    try:
        parameters = stages.read(options.stage) | stages.given(options.parameters)
        if options.command == "down":
            _release(options.stage).down(data_too=options.data)
            return None
        package = _pack(options, parameters)
        if options.command == "check":
            check(package.place / "data.json", package.place / "app.json")
        if options.command == "up":
            _print(_release(options.stage).up(package, parameters))
    except (DeployFailed, BotoCoreError, ClientError) as failure:
        return str(failure)
    return None


def _pack(options: argparse.Namespace, parameters: Parameters) -> Package:
    origin = parameters.get("CorsAllowOrigin", "")
    package = pack(options.stage, of_lambda(options.architecture), origin)
    stages.check(parameters, (package.data, package.app))
    print(f"Packed {OUTPUT / options.stage}: functions.zip, data.json, app.json", flush=True)
    return package


def _release(stage: str) -> Release:
    return Release(boto3.Session(), stage)


def _print(outputs: Parameters) -> None:
    print(outputs["EndpointURL"].rstrip("/"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.deploy", description=__doc__)
    parser.add_argument("command", choices=("package", "check", "up", "down"))
    parser.add_argument("--stage", default="dev", help="a stage of infra/stages.yaml")
    parser.add_argument("--architecture", default="arm64", help="arm64 or x86_64")
    parser.add_argument("--data", action="store_true", help="down: the data stack too")
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="over the stage's")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
