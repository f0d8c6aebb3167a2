"""Calls to DynamoDB, retried; what a failure means for the outcome of a write."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib import telemetry
from chalicelib.dynamodb.attributes import Item, attribute
from chalicelib.dynamodb.errors import CONDITION, Meaning, meaning_of
from chalicelib.errors import (
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    ServiceError,
    StoreRefused,
    StoreUnavailable,
)

Answer = dict[str, Any]
Call = Callable[..., Answer]

MAY_BE_MADE: Final = "DynamoDB does not answer; the write may have been made"
_FIRST_PAUSE_SECONDS: Final = 0.05
_RETRIED: Final = (Meaning.BUSY, Meaning.LOST)


class ConditionNotMet(Exception):
    """
    A write's condition was not met. `item` is the item as it is.

    `repeated`: the answer to an earlier try was lost, so the item may be that try's own doing.
    """

    def __init__(self, error: ClientError, *, repeated: bool) -> None:
        response: Any = error.response
        self.item: Item = response.get("Item", {})
        self.repeated = repeated

    def is_ours(self, moment: datetime) -> bool:
        """Return whether our own earlier try wrote the item, at `moment`."""
        return self.repeated and self.item.get("updated_at") == attribute(moment)

    def to_error(self, noun: str, item_id: str) -> ServiceError:
        """Return what the refusal means to the client that wanted to write the item."""
        if not self.item:
            return NotFound(noun, item_id)
        if self.repeated:
            # Another write came since. It may hide that our own first try was made.
            return OutcomeUnknown(MAY_BE_MADE)
        return PreconditionFailed(noun, item_id)


class _GaveUp(Exception):
    """No try succeeded. `sent`: one may have been carried out, its answer lost."""

    def __init__(self, meaning: Meaning, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent
        self._meaning = meaning

    def of_read(self) -> ServiceError:
        """Return what this means where nothing was to be written."""
        if self._meaning is Meaning.REFUSED:
            return StoreRefused("DynamoDB refused the request")
        return StoreUnavailable("DynamoDB does not answer; try again")

    def of_write(self) -> ServiceError:
        """Return what this means for a write: was it made?"""
        return OutcomeUnknown(MAY_BE_MADE) if self.sent else self.of_read()


class Retries:
    """Makes calls until they succeed, for up to `seconds`; waits in between, longer each time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def read(self, call: Call, **request: Any) -> Answer:
        """Raise `StoreUnavailable`, or `StoreRefused` for a request that cannot succeed."""
        try:
            answer = self._persist(call, request, retry_condition={})
        except _GaveUp as failure:
            raise failure.of_read() from failure.__cause__
        telemetry.count("ReadUnits", _units(answer))
        return answer

    def write(self, call: Call, *, retry_condition: Answer | None, **request: Any) -> Answer:
        """
        As `read`; raise `OutcomeUnknown` where a try may have been made, and `ConditionNotMet`.

        After such a try the request is sent with `retry_condition`, which must keep it from undoing
        what others have written since; with `None` it is not sent again.
        """
        try:
            answer = self._persist(call, request, retry_condition)
        except _GaveUp as failure:
            raise failure.of_write() from failure.__cause__
        telemetry.count("WriteUnits", _units(answer))
        return answer

    def _persist(self, call: Call, request: Answer, retry_condition: Answer | None) -> Answer:
        """
        Return the call's answer, or raise `_GaveUp`.

        Not left to botocore, which does not report whether a failed try may have been made.
        """
        started = time.perf_counter()
        sent = False
        request = {**request, "ReturnConsumedCapacity": "TOTAL"}
        try:
            for pause in _pauses():
                telemetry.count("DynamoDBCalls")
                try:
                    return call(**request | (retry_condition or {}) if sent else request)
                except (BotoCoreError, ClientError, ResponseParserError) as error:
                    meaning = _meaning(error, sent=sent)
                    sent |= meaning is Meaning.LOST
                    late = time.perf_counter() - started + pause > self._seconds
                    if late or meaning not in _RETRIED or (sent and retry_condition is None):
                        raise _GaveUp(meaning, sent=sent) from error
                time.sleep(pause)
            raise AssertionError  # the pauses do not end
        finally:
            telemetry.spent("db", time.perf_counter() - started)


def _units(answer: Answer) -> float:
    """Return the capacity units that a call consumed. A batch's answer has a list."""
    consumed = answer.get("ConsumedCapacity", [])
    tables = consumed if isinstance(consumed, list) else [consumed]
    return float(sum(table["CapacityUnits"] for table in tables))


def _meaning(error: Exception, *, sent: bool) -> Meaning:
    """Return what a failed try means; raise a condition that was not met, and the unforeseen."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == CONDITION:
        raise ConditionNotMet(error, repeated=sent) from error
    meaning = meaning_of(error)
    if meaning is None:
        raise error
    return meaning


def _pauses() -> Iterator[float]:
    """Yield pauses in seconds: exponential backoff with full jitter."""
    longest = _FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(0, longest)  # noqa: S311 — no secret
        longest *= 2
