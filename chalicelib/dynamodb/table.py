"""
The conditional writes of one resource's table. Knows no fields.

A write may be sent twice, when an answer is lost. A condition that then fails may be our own first
try's doing: `ConditionNotMet.is_ours`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chalicelib.dynamodb.attributes import Item, T, key, to_item
from chalicelib.dynamodb.expressions import Expression
from chalicelib.dynamodb.reads import TableReads
from chalicelib.dynamodb.retries import ConditionNotMet
from chalicelib.errors import AlreadyExists, KeyReused, NotFound
from chalicelib.resources.precondition import NO_PRECONDITION, Precondition

BATCH_WRITE_LIMIT: Final = 25
"""Items that one BatchWriteItem takes."""
FINGERPRINT: Final = "fingerprint"
"""The attribute with the hash of what an idempotent request contained."""


class Table(TableReads[T]):
    """A table. Any call may raise `StoreUnavailable`, a write `OutcomeUnknown`."""

    def add(self, item_id: str, fields: Mapping[str, Any], fingerprint: str | None = None) -> T:
        """
        Store a new item, or raise `AlreadyExists`.

        With a fingerprint, return the item as first made where the same was requested before, and
        raise `KeyReused` where it was another.
        """
        made = self.new(item_id, fields)
        item = to_item(made) | ({FINGERPRINT: {"S": fingerprint}} if fingerprint else {})
        try:
            self._retries.write(
                self._client.put_item,
                retry_condition={},
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionNotMet as refusal:
            if refusal.is_ours(made.updated_at):
                return made
            return self._first_made(item_id, fields, refusal.item, fingerprint)
        return made

    def new(self, item_id: str, fields: Mapping[str, Any], moment: datetime | None = None) -> T:
        """Return an item at its first version, made at `moment` (now), without storing it."""
        moment = moment or self._now()
        history = {"version": first_version(moment), "created_at": moment, "updated_at": moment}
        return self._kind(**{"id": item_id, **fields, **history})

    def put_all(self, items: Sequence[T]) -> Sequence[T]:
        """
        Store up to 25 items of different ids, whatever is there; return those not stored.

        Their versions start at the present time in ms, so they are above those they replace. A
        batch has no condition, so one that may have been stored is not sent again.
        """
        requests = [{"PutRequest": {"Item": to_item(item)}} for item in items]
        answer = self._retries.write(
            self._client.batch_write_item,
            retry_condition=None,
            RequestItems={self._table: requests},
        )
        left = answer.get("UnprocessedItems", {}).get(self._table, [])
        return [self._reader.read(request["PutRequest"]["Item"]) for request in left]

    def update(
        self,
        item_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> T:
        """
        Change the fields named, where the precondition holds.

        One UpdateItem, no read. A field set to `None` is removed. Raise `NotFound` (also for an
        item that is malformed even so) or `PreconditionFailed`.
        """
        now = self._now()
        expression = Expression(precondition)
        for name, value in changes.items():
            expression.assign(name, value)
        expression.assign("updated_at", now)
        update, retry_condition = expression.update(), expression.unless_since(now)
        try:
            answer = self._retries.write(
                self._client.update_item,
                retry_condition=retry_condition,
                TableName=self._table,
                Key=key(item_id),
                **update,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            item = answer["Attributes"]
        except ConditionNotMet as refusal:
            if not refusal.is_ours(now):
                raise refusal.to_error(self._resource.noun, item_id) from None
            item = refusal.item
        for updated in self._readable([item]):
            return updated
        raise NotFound(self._resource.noun, item_id)

    def remove(self, item_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        """Delete the item, where the precondition holds. Raise as `update` does."""
        expression = Expression(precondition)
        try:
            self._retries.write(
                self._client.delete_item,
                retry_condition=expression.unless_since(self._now()),
                TableName=self._table,
                Key=key(item_id),
                **expression.delete(),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionNotMet as refusal:
            if refusal.repeated and not refusal.item:
                return
            raise refusal.to_error(self._resource.noun, item_id) from None

    def _first_made(
        self, item_id: str, fields: Mapping[str, Any], item: Item, fingerprint: str | None
    ) -> T:
        """Return the item as the request before this one made it, or raise."""
        if fingerprint is None or FINGERPRINT not in item:
            raise AlreadyExists(self._resource.noun, item_id)
        if item[FINGERPRINT]["S"] != fingerprint:
            raise KeyReused(self._resource.noun)
        return self.new(item_id, fields, self._reader.created_at(item))


def first_version(moment: datetime) -> int:
    """Return the version of an item made at `moment`: above all that its id had before."""
    return int(moment.timestamp() * 1000)
