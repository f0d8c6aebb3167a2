"""Finds the stream of a resource's table, and creates the table if it is missing."""

from __future__ import annotations

import logging
from typing import Any, Final

from chalicelib.resources import Resource
from chalicelib.settings import Settings
from dev.stack.prepare import prepare
from dev.stack.programs import StartFailed
from dev.stack.table import client

_log: Final = logging.getLogger("catalog")


class TableStream:
    """The stream of the table that the settings name for a resource."""

    def __init__(self, settings: Settings, resource: Resource, dynamodb: Any = None) -> None:
        self._settings = settings
        self._resource = resource
        self._table = settings.tables[resource.name]
        self._dynamodb = dynamodb or client("dynamodb", settings)

    def find(self) -> str:
        """Return the stream's ARN. Create a missing table, with samples. Raise `StartFailed`."""
        try:
            table = self._describe()
        except self._dynamodb.exceptions.ResourceNotFoundException:
            _log.warning("the table %s is missing; creating it", self._table)
            prepare(self._settings)
            table = self._describe()
        if "LatestStreamArn" not in table:
            template = f"infra/tables/{self._resource.name}.yaml"
            raise StartFailed(f"The table {self._table} has no stream: see {template}")
        stream_arn: str = table["LatestStreamArn"]
        return stream_arn

    def _describe(self) -> dict[str, Any]:
        answer = self._dynamodb.describe_table(TableName=self._table)
        table: dict[str, Any] = answer["Table"]
        return table
