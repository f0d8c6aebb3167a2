"""Makes the table, from the CloudFormation template that deployment uses too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.config import Settings
from dev.programs import StartFailed

TEMPLATE: Final = Path(__file__).parent.parent / "infra" / "table.yaml"


def create_table(settings: Settings) -> None:
    """Create the table unless it exists; return when it can be used. Raise `StartFailed`."""
    try:
        if not _exists(_client(settings, "dynamodb"), settings.products_table):
            _deploy(_client(settings, "cloudformation"), settings.products_table)
    except (BotoCoreError, ClientError) as error:
        raise StartFailed(f"The table could not be made: {error}") from error


def _exists(dynamodb: Any, table: str) -> bool:
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _deploy(cloudformation: Any, table: str) -> None:
    stack = re.sub("[^A-Za-z0-9]+", "-", f"table-{table}")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "TableName", "ParameterValue": table}],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})


def _client(settings: Settings, service: str) -> Any:
    return boto3.client(
        service, region_name=settings.aws_region, endpoint_url=settings.aws_endpoint_url
    )
