"""The stage of a command, with its parameters from all sources."""

from __future__ import annotations

import functools
import sys
from typing import Any

import boto3
import click

from dev.deploy import account, kept, plain, settings, stages, templates
from dev.deploy.failure import DeployFailed
from dev.deploy.release import Release
from dev.deploy.runtime import Runtime, of_lambda
from dev.deploy.stages import Parameters


class Target:
    """A stage of a command, with its parameters."""

    def __init__(
        self, stage: str, architecture: str, words: tuple[str, ...], clients: Any = None
    ) -> None:
        self.stage = stage
        self.clients = clients or boto3.Session()
        """Makes clients of the account that boto3 finds."""
        self._architecture = architecture
        self.given = stages.given(words)
        self.own: Parameters = stages.read(stage) | self.given
        """The parameters of the stage's file and the command line, without those deployed."""
        stages.check(self.own, (templates.data(), templates.app()))

    @property
    def runtime(self) -> Runtime:
        """The functions' runtime. Raise `DeployFailed` if Lambda does not support this Python."""
        return of_lambda(self._architecture)

    @property
    def release(self) -> Release:
        """The stage's two stacks."""
        return Release(self.clients, self.stage)

    @functools.cached_property
    def deployed(self) -> Parameters:
        """The parameters that the stage was deployed with."""
        return kept.of_stage(self.clients, self.stage, plain.record(self.stage))

    @functools.cached_property
    def parameters(self) -> Parameters:
        """The given parameters, over the deployed ones, over the stage's file."""
        return kept.resolved(self.stage, self.deployed, self.given)

    @property
    def values(self) -> Parameters:
        """The parameters and the data stack's outputs. Raise `DeployFailed` without that stack."""
        return self.parameters | self.release.data.outputs()

    def agree(self, *, yes: bool, reset: bool) -> None:
        """
        Show the changes, and ask before irreversible ones. Raise `DeployFailed`.

        `reset` uses the stage's file and the templates' defaults instead of what is deployed.
        """
        if reset:
            self.parameters = self.own
        known = settings.known(templates.app(), settings.known(templates.data(), self.parameters))
        for line in kept.differing(self.stage, self.deployed, known):
            click.echo(line)
        changes = kept.changes(self.deployed, known)
        for line in changes.values():
            click.echo(line)
        asks = [name for name in kept.ASKS if name in changes]
        if asks and not yes:
            if not sys.stdin.isatty():
                raise DeployFailed(f"To change {', '.join(asks)}, add --yes")
            click.confirm("Change that?", abort=True)
        account.prepare(self.clients, known)
