"""The command line of deployment: `python -m dev.deploy --help`."""

from __future__ import annotations

import functools
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import click
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from dev.deploy import account, functions, kept, plain, stages, templates
from dev.deploy import local as emulated
from dev.deploy import switch as switching
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package, pack
from dev.deploy.runtime import Runtime
from dev.deploy.stages import Parameters
from dev.deploy.target import Target
from dev.deploy.tools import programs


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Report a failure in one line."""
        try:
            return super().invoke(ctx)
        except (DeployFailed, Boto3Error, BotoCoreError, ClientError) as failure:
            raise click.ClickException(str(failure)) from None


@click.group(cls=_Commands)
def cli() -> None:
    """
    Deploy a stage of infra/stages.yaml to AWS.

    Name=Value sets a parameter of the templates. Parameters that are not named keep their deployed
    value. A first deployment takes them from infra/stages.yaml.
    """


_ARCHITECTURES = click.Choice(["arm64", "x86_64"])
_STAGE = click.option("--stage", default="dev", show_default=True)


def _command(run: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command of a function that takes a `Target`."""

    @cli.command(run.__name__)
    @_STAGE
    @click.option("--architecture", type=_ARCHITECTURES, default="arm64", show_default=True)
    @click.argument("words", nargs=-1, metavar="[Name=Value]...")
    @functools.wraps(run)
    def command(stage: str, architecture: str, words: tuple[str, ...], **options: Any) -> None:
        run(Target(stage, architecture, words), **options)

    return run


def _changes_a_stage(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Target.agree`."""
    reset = click.option(
        "--reset", is_flag=True, help="Use infra/stages.yaml, not what is deployed."
    )
    yes = click.option(
        "--yes", is_flag=True, help=f"Change {', '.join(kept.ASKS)} without a question."
    )
    return yes(reset(command))


def _packed(target: Target, runtime: Runtime, parameters: Parameters) -> Package:
    packed = pack(target.stage, runtime, parameters)
    click.echo(f"Packed into {packed.place}: functions.zip, data.json, app.json")
    return packed


@_command
def package(target: Target) -> None:
    """Pack the functions and both templates."""
    _packed(target, target.runtime, target.own)


@_command
def check(target: Target) -> None:
    """Pack, and check the templates with cfn-lint and checkov."""
    place = _packed(target, target.runtime, target.own).place
    files = [
        str(place / "data.json"),
        str(place / "app.json"),
        str(templates.INFRA / "account.yaml"),
    ]
    bin_ = programs("checks")
    cfn_lint = [bin_ / "cfn-lint", "--regions", "eu-central-1", "us-east-1", "--template", *files]
    checkov = [bin_ / "checkov", "--skip-download", "--quiet", "--compact"]
    checkov += ["--framework", "cloudformation", *(f"--file={file}" for file in files)]
    done = [subprocess.run(each, check=False) for each in (cfn_lint, checkov)]
    if any(each.returncode for each in done):
        raise DeployFailed("The templates have findings; see above")


@_command
@_changes_a_stage
def up(target: Target, **flags: bool) -> None:
    """Deploy data, functions and API. The last line is the API's URL."""
    runtime = target.runtime  # an unsupported one is refused before AWS is called
    target.agree(**flags)
    packed = _packed(target, runtime, target.parameters)
    outputs = target.release.up(packed, target.parameters)
    click.echo(outputs["EndpointURL"].rstrip("/"))


@_command
@click.option("--data", is_flag=True, help="Remove the data stack too.")
def down(target: Target, *, data: bool) -> None:
    """Remove the API and the functions, and keep the data."""
    target.release.down(data_too=data)


@_command
@_changes_a_stage
def data(target: Target, **flags: bool) -> None:
    """Deploy only the data stack."""
    target.agree(**flags)
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
@_changes_a_stage
def chalice(target: Target, **flags: bool) -> None:
    """Deploy by `chalice deploy`: data, configure, that, complete. The last line is the URL."""
    runtime = target.runtime
    target.agree(**flags)
    target.release.keep(templates.data(), target.parameters)
    project = plain.prepare(target.clients, target.stage, runtime, target.values)
    plain.run(project, target.stage)
    complete(target)


@cli.command("account-logging")
def account_logging() -> None:
    """Create API Gateway's logging role in this account and region, if it has none."""
    click.echo(account.let_gateway_log(boto3.Session()))


@cli.command()
@_STAGE
@click.argument("words", nargs=-1, metavar="[NAME=value]...")
def switch(stage: str, words: tuple[str, ...]) -> None:
    """
    Change settings of a deployed stage without deploying.

    CACHE and METRICS are on or off. The others are names of settings; docs/deploy.md lists them.
    The command ends when both functions have responded with the new settings. The next deployment
    keeps them.
    """
    changes = switching.settings(words)
    stages.read(stage)
    switching.switch(functions.of_stage(boto3.Session(), stage), changes)
    click.echo("Requests in progress are not affected. The next deployment keeps the settings.")


@cli.command()
def local() -> None:
    """Deploy to an emulated AWS on this machine, until Ctrl-C. The last line is the API's URL."""
    if failure := emulated.main():
        raise click.ClickException(failure)


if __name__ == "__main__":
    cli(prog_name="python -m dev.deploy")
