"""The expressions of a conditional write: what it changes, and what it requires."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from chalicelib.dynamodb.attributes import Item, attribute
from chalicelib.resources.precondition import Precondition


class Expression:
    """A write's assignments and its condition, names and values put in by placeholders."""

    def __init__(self, precondition: Precondition) -> None:
        self._names: dict[str, str] = {}
        self._values: Item = {}
        self._set: list[str] = []
        self._remove: list[str] = []
        self._condition = " AND ".join(["attribute_exists(id)", *self._requirements(precondition)])

    def _requirements(self, precondition: Precondition) -> Iterator[str]:
        """Yield what the present item must meet. One made past the API may have no history."""
        if precondition.versions is not None:
            yield self._is_at(precondition.versions, "v")
        if precondition.not_versions:
            yield f"NOT {self._is_at(precondition.not_versions, 'n')}"
        if precondition.unmodified_since is not None:
            # An HTTP date includes its whole second.
            second = precondition.unmodified_since.replace(microsecond=999_999)
            self._values[":second"] = attribute(second)
            yield "(attribute_not_exists(updated_at) OR updated_at <= :second)"

    def _is_at(self, versions: Collection[int], prefix: str) -> str:
        """Return the test for one of `versions`; an item without a version is at version 0."""
        values = {f":{prefix}{n}": attribute(version) for n, version in enumerate(versions)}
        if not values:
            return "attribute_not_exists(id)"  # never, beside `attribute_exists(id)`
        self._values |= values
        test = f"version IN ({', '.join(values)})"
        return f"(attribute_not_exists(version) OR {test})" if 0 in versions else test

    def assign(self, name: str, value: object) -> None:
        """Set an attribute, or remove it where `value` is `None`."""
        self._names[f"#{name}"] = name
        if value is None:
            self._remove.append(f"#{name}")
        else:
            self._set.append(f"#{name} = :new_{name}")
            self._values[f":new_{name}"] = attribute(value)

    def unless_since(self, moment: datetime) -> dict[str, Any]:
        """Return what to change so that the write leaves alone what was written after `moment`."""
        unless = "(attribute_not_exists(updated_at) OR updated_at < :moment)"
        return {
            "ConditionExpression": f"{self._condition} AND {unless}",
            "ExpressionAttributeValues": self._values | {":moment": attribute(moment)},
        }

    def update(self) -> dict[str, Any]:
        """Return what UpdateItem takes. Raises the version by one."""
        self._values[":one"] = attribute(1)
        remove = f" REMOVE {', '.join(self._remove)}" if self._remove else ""
        return {
            "UpdateExpression": f"SET {', '.join(self._set)}{remove} ADD version :one",
            "ConditionExpression": self._condition,
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": self._values,
        }

    def delete(self) -> dict[str, Any]:
        """Return what DeleteItem takes: it may hold no values that no condition names."""
        values = {"ExpressionAttributeValues": self._values} if self._values else {}
        return {"ConditionExpression": self._condition, **values}
