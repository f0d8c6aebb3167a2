"""The command line of deployment: `python -m dev.deploy --help`."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import click
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import check as checking
from dev.deploy import functions, keys, plain, stages, templates
from dev.deploy import switch as switching
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package, pack
from dev.deploy.release import Release
from dev.deploy.runtime import Runtime, of_lambda
from dev.deploy.stages import Parameters


class Target:
    """The stage that a command is given, with its parameters."""

    def __init__(self, stage: str, architecture: str, words: tuple[str, ...]) -> None:
        self.stage = stage
        self._architecture = architecture
        self.parameters: Parameters = stages.read(stage) | stages.given(words)
        stages.check(self.parameters, (templates.data(), templates.app()))

    @property
    def runtime(self) -> Runtime:
        """What Lambda is to run. Raise `DeployFailed` where it does not run this Python."""
        return of_lambda(self._architecture)

    @functools.cached_property
    def clients(self) -> boto3.Session:
        """What makes clients of the account that boto3 finds."""
        return boto3.Session()

    @property
    def release(self) -> Release:
        """The stage's two stacks."""
        return Release(self.clients, self.stage)

    @property
    def values(self) -> Parameters:
        """The parameters, and what the data stack outputs. Raise `DeployFailed` without one."""
        return self.parameters | self.release.data.outputs()


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Report what fails in one line."""
        try:
            return super().invoke(ctx)
        except (DeployFailed, Boto3Error, BotoCoreError, ClientError) as failure:
            raise click.ClickException(str(failure)) from None


@click.group(cls=_Commands)
def cli() -> None:
    """
    Deploy a stage of infra/stages.yaml to AWS.

    Name=Value sets a parameter of the templates, in place of what the stage sets.
    """


_STAGE = click.option("--stage", default="dev", show_default=True)


def _command(run: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command of a function that takes a `Target`."""

    @cli.command(run.__name__)
    @_STAGE
    @click.option("--architecture", default="arm64", show_default=True, help="Or x86_64.")
    @click.argument("words", nargs=-1, metavar="[Name=Value]...")
    @functools.wraps(run)
    def command(stage: str, architecture: str, words: tuple[str, ...], **options: Any) -> None:
        run(Target(stage, architecture, words), **options)

    return run


@_command
def package(target: Target) -> Package:
    """Pack the functions and both templates."""
    packed = pack(target.stage, target.runtime, target.parameters)
    click.echo(f"Packed into {packed.place}: functions.zip, data.json, app.json")
    return packed


@_command
def check(target: Target) -> None:
    """Pack, and have cfn-lint and checkov read the templates."""
    place = package(target).place
    checking.check(place / "data.json", place / "app.json")


@_command
def up(target: Target) -> None:
    """Deploy data, functions and API. The last line is the API's URL."""
    packed = package(target)
    outputs = target.release.up(packed, target.parameters)
    click.echo(outputs["EndpointURL"].rstrip("/"))


@_command
@click.option("--data", is_flag=True, help="The table and the rest of the data stack, too.")
def down(target: Target, *, data: bool) -> None:
    """Remove API and functions, and keep the data."""
    keys.remove(target.clients.client("apigateway"), target.stage)
    target.release.down(data_too=data)


@_command
def data(target: Target) -> None:
    """Deploy the data stack alone."""
    target.release.keep(templates.data(), target.parameters)


@_command
def configure(target: Target) -> None:
    """Make the project for `chalice deploy`, and print how to run it there."""
    project = plain.prepare(target.clients, target.stage, target.runtime, target.values)
    command = shlex.join([str(Path(sys.executable).with_name("chalice")), "deploy"])
    click.echo(f"cd {shlex.quote(str(project))} && {command} --stage {target.stage}")


@_command
def complete(target: Target) -> None:
    """Do what `chalice deploy` cannot. The last line is the API's URL."""
    api_id = plain.complete(target.clients, target.stage, target.values)
    click.echo(f"https://{api_id}.execute-api.{target.clients.region_name}.amazonaws.com/api")


@_command
def chalice(target: Target) -> None:
    """Deploy by `chalice deploy`: data, configure, that, complete. The last line is the URL."""
    runtime = target.runtime  # refused, where it is, before anything is deployed
    data(target)
    project = plain.prepare(target.clients, target.stage, runtime, target.values)
    plain.run(project, target.stage)
    complete(target)


@cli.command()
@_STAGE
@click.argument("words", nargs=-1, metavar="[NAME=value]...")
def switch(stage: str, words: tuple[str, ...]) -> None:
    """
    Change settings of a deployed stage without deploying.

    \b
    CACHE       on or off: whether reads ask Redis; writes delete their keys either way
    LOG_LEVEL   DEBUG, INFO, WARNING, ERROR
    LOG_HITS    the share of the hits that are logged, 0.01 to 1
    METRICS     on or off

    It ends when both functions have started with the new settings and answered. The next
    deployment restores what the stage sets: to keep a change, write it to infra/stages.yaml too.
    """  # noqa: D301 — click's mark of a paragraph to leave as it is
    changes = switching.settings(words)
    stages.read(stage)
    switching.switch(functions.of_stage(boto3.Session(), stage), changes)
    click.echo("Requests in progress are not affected. The next deployment restores the settings.")


if __name__ == "__main__":
    cli(prog_name="python -m dev.deploy")
