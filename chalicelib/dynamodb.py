"""How DynamoDB is reached: time-outs, retries, and what its errors mean for a write's outcome."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)
from botocore.parsers import ResponseParserError

from chalicelib import telemetry
from chalicelib.config import Settings
from chalicelib.errors import OutcomeUnknown, ProductNotFound, StoreUnavailable, VersionMismatch
from chalicelib.items import Item, attribute

Answer = dict[str, Any]
Call = Callable[..., Answer]

RETRY_SECONDS: Final = 2.0
"""Failures shorter than this pass unseen. With the last try's 3 s, well below a Lambda's life."""
_FIRST_PAUSE_SECONDS: Final = 0.05

_THROTTLED: Final = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}
_NOT_SENT: Final = (EndpointConnectionError, ConnectTimeoutError)


def connect(settings: Settings) -> Any:
    """Return a client that tries once, for at most 1 s + 2 s: `read` and `write` try again."""
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=50,
        ),
    )


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

    def told_of(self, product_id: str) -> ProductNotFound | VersionMismatch:
        """Return what the refusal means to who wanted to write the product."""
        return VersionMismatch(product_id) if self.item else ProductNotFound(product_id)


def read(call: Call, *, retry_seconds: float = RETRY_SECONDS, **request: Any) -> Answer:
    """Raise `StoreUnavailable` where only failures that may pass came back."""
    try:
        return _persist(lambda: call(**request), retry_seconds)
    except _GaveUp as error:
        raise StoreUnavailable("DynamoDB does not answer; try again") from error.__cause__


def write(call: Call, **request: Any) -> Answer:
    """As `read`; raise `OutcomeUnknown` where a try may have been carried out, and `Refused`."""
    try:
        return _persist(lambda: call(**request), RETRY_SECONDS)
    except _GaveUp as error:
        if error.sent:
            text = "DynamoDB does not answer; the write may have been made"
            raise OutcomeUnknown(text) from error.__cause__
        raise StoreUnavailable("DynamoDB does not answer; try again") from error.__cause__


class _GaveUp(Exception):
    """No try succeeded in time. `sent`: one may have been carried out, its answer lost."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


def _persist(call: Callable[[], Answer], retry_seconds: float) -> Answer:
    """
    Make the call until it succeeds; wait between tries, longer each time and at random.

    Not left to botocore, which does not tell whether a try that failed may have been carried out.
    """
    started = time.perf_counter()
    sent = False
    try:
        for pause in _pauses():
            try:
                return call()
            except (ClientError, HTTPClientError, ResponseParserError) as error:
                sent |= _may_be_done(error, sent=sent)
                if time.perf_counter() - started + pause > retry_seconds:
                    raise _GaveUp(sent=sent) from error
            time.sleep(pause)
        raise AssertionError  # the pauses do not end
    finally:
        telemetry.spent("db", time.perf_counter() - started)


def _may_be_done(error: Exception, *, sent: bool) -> bool:
    """Tell whether a failed try may have been carried out; raise an error that will not pass."""
    if not isinstance(error, ClientError):
        return not isinstance(error, _NOT_SENT)
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
