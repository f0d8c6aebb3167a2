"""
Deploys and removes a stage: the data stack, the zip and the app stack, in order.

There are two stacks, so that the functions can be removed and deployed again over the same table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.resources import RESOURCES
from dev.deploy import functions, gateway, settings, stages, switch
from dev.deploy.failure import DeployFailed
from dev.deploy.package import Package
from dev.deploy.stack import Stack
from dev.deploy.stages import Parameters
from dev.deploy.templates import Template
from dev.deploy.waiting import wait_for_network_interfaces


class Release:
    """A stage on AWS. `clients` makes boto3's clients."""

    def __init__(self, clients: Any, stage: str, poll_seconds: float = 2.0) -> None:
        cloudformation = clients.client("cloudformation")
        self._clients = clients
        self._stage = stage
        self._poll_seconds = poll_seconds
        self._s3 = clients.client("s3")
        self.data = Stack(cloudformation, f"product-catalog-{stage}-data", poll_seconds)
        self.app = Stack(cloudformation, f"product-catalog-{stage}", poll_seconds)

    def up(self, package: Package, parameters: Mapping[str, str]) -> Parameters:
        """Deploy both stacks; return their outputs. Raise `DeployFailed`."""
        kept = self.keep(package.data, parameters)
        return kept | self.serve(package, parameters)

    def keep(self, data: Template, parameters: Mapping[str, str]) -> Parameters:
        """
        Deploy the data stack; return its outputs.

        What AWS refuses in one step is done in two. A new table is protected once the stack is
        complete: a failed creation could not remove a protected table.
        """
        wanted = settings.known(data, stages.of_template(data, parameters))
        if wanted["Cache"] in ("none", "external"):
            self._leave_network()
        for step in steps(self.data.parameters(), wanted):
            outputs = self.data.deploy(data, step)
        protected = wanted["Protected"] == "true"
        if self.data.is_protected() != protected:
            self.data.protect(on=protected)
        return outputs

    def serve(self, package: Package, parameters: Mapping[str, str]) -> Parameters:
        """Deploy the app stack over the data stack; return its outputs."""
        kept = self.data.outputs()
        bucket = kept["PackagesBucket"]
        code = self._put(bucket, package.code.read_bytes(), "zip")
        template = self._put(bucket, json.dumps(package.app).encode(), "json")
        place = {"CodeBucket": bucket, "CodeKey": code}
        # The data stack's outputs take precedence: it knows the cache's host.
        wanted = stages.of_template(package.app, parameters, kept, place)
        outputs = self.app.deploy(f"{self._s3.meta.endpoint_url}/{bucket}/{template}", wanted)
        # CloudFormation compares templates, so it does not undo a switch.
        values = settings.known(package.app, wanted)
        for function in functions.of_stage(self._clients, self._stage):
            function.change(switch.switched(package.app, values))
        return outputs

    def down(self, *, data_too: bool) -> None:
        """Remove the app stack, and with `data_too` the data stack. Raise `DeployFailed`."""
        if data_too:
            self._check_that_data_may_go()
        gateway.remove_key(self._clients.client("apigateway"), self._stage)
        self.app.delete()
        if data_too and self.data.exists():
            outputs = self.data.outputs()
            self._wait_for_interfaces(outputs.get("FunctionsGroupId", ""))
            self._empty(outputs["PackagesBucket"])
            self.data.delete()

    def _check_that_data_may_go(self) -> None:
        """Raise `DeployFailed`, with what to do first, if the data could not all be removed."""
        if functions.are_chalices(self._clients, self._stage):
            raise DeployFailed(
                "Functions of `chalice deploy` use the data stack; nothing was removed. First, in "
                f".local/deploy/{self._stage}-chalice: chalice delete --stage {self._stage}"
            )
        tables = [f"{each.template_name}TableName" for each in RESOURCES]
        named = [table for name, table in self.data.outputs().items() if name in tables]
        protected = [table for table in named if self._is_protected(table)]
        if self.data.is_protected() or protected:
            raise DeployFailed(
                f"The table {', '.join(protected or named)} is protected, and nothing was removed. "
                "To lift that: "
                f"python -m dev.deploy data --stage {self._stage} --yes Protected=false"
            )

    def _is_protected(self, table: str) -> bool:
        dynamodb = self._clients.client("dynamodb")
        try:
            found = dynamodb.describe_table(TableName=table)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return False
        return bool(found.get("DeletionProtectionEnabled"))

    def _leave_network(self) -> None:
        """
        Take the functions out of the network before it is removed: it is their way to DynamoDB.

        They stop reading from the cache first, since functions outside of it could not fence a key.
        """
        group = self.data.exists() and self.data.outputs().get("FunctionsGroupId")
        if not group:
            return
        if functions.are_chalices(self._clients, self._stage):
            raise DeployFailed(
                "The functions are in the network that would be removed. First, in "
                f".local/deploy/{self._stage}-chalice: chalice delete --stage {self._stage}"
            )
        if self.app.exists():
            off = {"CacheEnabled": "false"}
            self.app.change(off)
            self.app.change(off | {"RedisHost": "", "SubnetIds": "", "FunctionsGroupId": ""})
        self._wait_for_interfaces(group)

    def _wait_for_interfaces(self, group: str) -> None:
        if group:
            wait_for_network_interfaces(self._clients.client("ec2"), group, self._poll_seconds)

    def _put(self, bucket: str, content: bytes, kind: str) -> str:
        """Put an object; return its name, which changes with the content."""
        name = f"{hashlib.sha256(content).hexdigest()}.{kind}"
        self._s3.put_object(Bucket=bucket, Key=name, Body=content)
        return name

    def _empty(self, bucket: str) -> None:
        """S3 deletes only an empty bucket."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for each in page.get("Contents", []):
                self._s3.delete_object(Bucket=bucket, Key=each["Key"])


def steps(deployed: Parameters, wanted: Parameters) -> Iterator[Parameters]:
    """Yield the parameters of each update, in order. The last are those wanted."""
    if not deployed:
        if wanted["Protected"] == "true":
            yield wanted | {"Protected": "false"}
    elif {deployed["Cache"], wanted["Cache"]} == {"nodes"}:
        # ElastiCache enables failover only with a replica, and keeps the last one while it is on.
        if deployed["CacheNodes"] == "1" != wanted["CacheNodes"]:
            yield wanted | {"CacheFailover": "false"}
        elif deployed["CacheNodes"] != "1" == wanted["CacheNodes"]:
            yield wanted | {"CacheFailover": "false", "CacheNodes": deployed["CacheNodes"]}
    yield wanted
