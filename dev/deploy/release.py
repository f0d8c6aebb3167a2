"""
Brings a stage up, and takes it down: the data stack, the zip, the app stack.

Two stacks, since data outlives functions: a stage may be taken down and come up over its table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.deploy import stages
from dev.deploy.package import Package
from dev.deploy.stack import Stack
from dev.deploy.stages import Parameters
from dev.deploy.templates import Template


class Release:
    """A stage on AWS. `clients` makes boto3's clients."""

    def __init__(self, clients: Any, stage: str, poll_seconds: float = 2.0) -> None:
        cloudformation = clients.client("cloudformation")
        self._s3 = clients.client("s3")
        self.data = Stack(cloudformation, f"product-catalog-{stage}-data", poll_seconds)
        self.app = Stack(cloudformation, f"product-catalog-{stage}", poll_seconds)

    def up(self, package: Package, parameters: Mapping[str, str]) -> Parameters:
        """Deploy all of it; return the outputs of both stacks. Raise `DeployFailed`."""
        kept = self.keep(package.data, parameters)
        return kept | self.serve(package, parameters)

    def keep(self, data: Template, parameters: Mapping[str, str]) -> Parameters:
        """Deploy the data stack; return its outputs."""
        return self.data.deploy(data, stages.of_template(data, parameters))

    def serve(self, package: Package, parameters: Mapping[str, str]) -> Parameters:
        """Deploy the app stack over the data stack; return its outputs."""
        kept = self.data.outputs()
        code = {"CodeBucket": kept["PackagesBucket"], "CodeKey": _name(package.code)}
        self._s3.upload_file(str(package.code), code["CodeBucket"], code["CodeKey"])
        # What the data stack tells wins: it knows the cache's host, whoever named another.
        wanted = stages.of_template(package.app, parameters, kept, code)
        return self.app.deploy(package.app, wanted)

    def down(self, *, data_too: bool) -> None:
        """Remove the app stack, and what is kept only where asked to."""
        self.app.delete()
        if data_too and self.data.exists():
            self._empty(self.data.outputs()["PackagesBucket"])
            self.data.delete()

    def _empty(self, bucket: str) -> None:
        """S3 removes no bucket that holds something."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for each in page.get("Contents", []):
                self._s3.delete_object(Bucket=bucket, Key=each["Key"])


def _name(code: Path) -> str:
    """Return a name that changes with the content: CloudFormation looks at nothing else."""
    return f"{hashlib.sha256(code.read_bytes()).hexdigest()}.zip"
