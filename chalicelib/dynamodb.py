"""DynamoDB's failures: which are tried again, and what they mean for the outcome of a write."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 — botocore's: a connection that did not come about
    HTTPClientError,
    IncompleteReadError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from chalicelib import telemetry
from chalicelib.errors import (
    CatalogError,
    OutcomeUnknown,
    PreconditionFailed,
    ProductNotFound,
    StoreUnavailable,
)
from chalicelib.items import Item, attribute

Answer = dict[str, Any]
Call = Callable[..., Answer]

MAY_BE_MADE: Final = "DynamoDB does not answer; the write may have been made"
_FIRST_PAUSE_SECONDS: Final = 0.05

_THROTTLED: Final = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}
_LOST: Final = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)


class Refused(Exception):
    """
    A write's condition was not met. `item` is what stands there.

    `repeated` tells that an earlier try's answer was lost, so what stands there may be our own.
    """

    def __init__(self, error: ClientError, *, repeated: bool) -> None:
        response: Any = error.response
        self.item: Item = response.get("Item", {})
        self.repeated = repeated

    def is_ours(self, moment: datetime) -> bool:
        """Tell whether what stands there was written by our own earlier try, at `moment`."""
        return self.repeated and self.item.get("updated_at") == attribute(moment)

    def told_of(self, product_id: str) -> CatalogError:
        """Return what the refusal means to who wanted to write the product."""
        if not self.item:
            return ProductNotFound(product_id)
        if self.repeated:
            # Another has written since; whether our own try came before, nobody can tell.
            return OutcomeUnknown(MAY_BE_MADE)
        return PreconditionFailed(product_id)


class _GaveUp(Exception):
    """No try succeeded in time. `sent`: one may have been carried out, its answer lost."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


class Retries:
    """Makes calls until they succeed, for up to `seconds`; waits in between, longer each time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def read(self, call: Call, **request: Any) -> Answer:
        """Raise `StoreUnavailable` where only failures that may pass came back."""
        try:
            answer = self._persist(call, request, again={})
        except _GaveUp as error:
            raise StoreUnavailable("DynamoDB does not answer; try again") from error.__cause__
        telemetry.count("ReadUnits", _units(answer))
        return answer

    def write(self, call: Call, *, again: Answer | None, **request: Any) -> Answer:
        """
        As `read`; raise `OutcomeUnknown` where a try may have been made, and `Refused`.

        After such a try the request is sent with the changes `again`, which must keep it from
        undoing what others have written since; with `None` it is not sent again.
        """
        try:
            answer = self._persist(call, request, again)
        except _GaveUp as error:
            if error.sent:
                raise OutcomeUnknown(MAY_BE_MADE) from error.__cause__
            raise StoreUnavailable("DynamoDB does not answer; try again") from error.__cause__
        telemetry.count("WriteUnits", _units(answer))
        return answer

    def _persist(self, call: Call, request: Answer, again: Answer | None) -> Answer:
        """
        Return the call's answer, or raise `_GaveUp`.

        Not left to botocore, which does not tell whether a try that failed may have been made.
        """
        started = time.perf_counter()
        sent = False
        request = {**request, "ReturnConsumedCapacity": "TOTAL"}
        try:
            for pause in _pauses():
                telemetry.count("DynamoDBCalls")
                try:
                    return call(**request | (again or {}) if sent else request)
                except (ClientError, *_LOST) as error:
                    sent |= _may_be_done(error, sent=sent)
                    late = time.perf_counter() - started + pause > self._seconds
                    if late or (sent and again is None):
                        raise _GaveUp(sent=sent) from error
                time.sleep(pause)
            raise AssertionError  # the pauses do not end
        finally:
            telemetry.spent("db", time.perf_counter() - started)


def _units(answer: Answer) -> float:
    """Return the capacity that a call took, as its answer tells it: a batch's has a list."""
    told = answer.get("ConsumedCapacity", [])
    tables = told if isinstance(told, list) else [told]
    return float(sum(table["CapacityUnits"] for table in tables))


def _may_be_done(error: Exception, *, sent: bool) -> bool:
    """Tell whether a failed try may have been carried out; raise an error that will not pass."""
    if not isinstance(error, ClientError):
        return not isinstance(error, ConnectionError) or isinstance(error, SSLError)
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raise Refused(error, repeated=sent) from error
    if code in _THROTTLED:
        return False
    if error.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
        raise error
    return True


def _pauses() -> Iterator[float]:
    """Yield pauses in seconds: exponential backoff with full jitter."""
    longest = _FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(0, longest)  # noqa: S311 — no secret
        longest *= 2
