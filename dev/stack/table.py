"""Creates tables, from the CloudFormation templates that deployment uses too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.resources import RESOURCES, Resource
from chalicelib.settings import Settings
from dev.stack.programs import StartFailed

TEMPLATES: Final = Path(__file__).parents[2] / "infra" / "tables"
_GIVEN: Final = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
_ONE_TRY: Final = Config(connect_timeout=2, retries={"total_max_attempts": 1})
"""Callers retry or report the error themselves. botocore's retries take 25 s."""


def _content(loader: yaml.SafeLoader, node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


class _Loader(yaml.SafeLoader):
    """Reads `!Ref X` as `("Ref", X)`, and other short forms likewise."""


_Loader.add_multi_constructor("!", lambda loader, form, node: (form, _content(loader, node)))


def properties(resource: Resource, table: str) -> dict[str, Any]:
    """Return CreateTable's parameters. They differ from the template's in the stream's form."""
    template = _Loader((TEMPLATES / f"{resource.name}.yaml").read_text("utf-8")).get_single_data()
    found = template["Resources"][f"{resource.template_name}Table"]["Properties"]
    stream = {"StreamEnabled": True, **found["StreamSpecification"]}
    given = {name: found[name] for name in _GIVEN if name in found}
    return {**given, "TableName": table, "StreamSpecification": stream}


def create_table(dynamodb: Any, resource: Resource, table: str) -> None:
    """Create a resource's table unless it exists, and wait for it. Raise `StartFailed`."""
    try:
        if not _exists(dynamodb, table):
            dynamodb.create_table(**properties(resource, table))
            waiter = dynamodb.get_waiter("table_exists")
            waiter.wait(TableName=table, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    except (BotoCoreError, ClientError) as error:
        raise StartFailed(f"The table could not be created: {error}") from error


def create_tables(dynamodb: Any, env: Mapping[str, str]) -> None:
    """Create each resource's table, under the name that its variable has in `env`."""
    for resource in RESOURCES:
        create_table(dynamodb, resource, env[resource.table_variable])


def _exists(dynamodb: Any, table: str) -> bool:
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def client(service: str, settings: Settings) -> Any:
    """Return a client of the settings' AWS that does not retry."""
    return boto3.client(
        service,
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=_ONE_TRY,
    )
