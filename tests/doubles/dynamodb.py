"""DynamoDB clients that each fail in one way. Other calls go to a real client."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

URL = "http://dynamodb.invalid"
TIMED_OUT = ReadTimeoutError(endpoint_url=URL)
CUT = ConnectionClosedError(endpoint_url=URL)
UNREACHABLE = EndpointConnectionError(endpoint_url=URL)
NO_CONNECTION_IN_TIME = ConnectTimeoutError(endpoint_url=URL)
NOT_TRUSTED = SSLError(endpoint_url=URL, error="certificate")
UNPARSABLE = ResponseParserError("not a DynamoDB response, such as a proxy's page")


class RecordingDynamoDB:
    """Records each request. Subclasses override `answer` to fail."""

    def __init__(self, client: Any = None) -> None:
        self._client = client
        self.requests: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.requests.append(request)
            return self.answer(name, request)

        return call

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        return getattr(self._client, name)(**request)


class FailingDynamoDB(RecordingDynamoDB):
    """Fails every call with the same error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def answer(self, *_: object) -> Any:
        raise self._error


class FlakyDynamoDB(RecordingDynamoDB):
    """Fails the first calls, each with the next of `errors`, before they reach the table."""

    def __init__(self, client: Any, *errors: Exception) -> None:
        super().__init__(client)
        self._errors = list(errors)

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        if self._errors:
            raise self._errors.pop(0)
        return super().answer(name, request)


class LostResponseDynamoDB(RecordingDynamoDB):
    """
    Executes the first call but loses its response.

    `between` is called before the next attempt.
    """

    def __init__(self, client: Any, between: Callable[[], Any] = lambda: None) -> None:
        super().__init__(client)
        self._between = between

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        answer = super().answer(name, request)
        if len(self.requests) == 1:
            self._between()
            raise TIMED_OUT
        return answer


class PartialBatchDynamoDB(RecordingDynamoDB):
    """Processes one item of a batch (`batch_get_item`: `at_once`); the others are unprocessed."""

    def __init__(self, client: Any, at_once: int = 1) -> None:
        super().__init__(client)
        self._at_once = at_once

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        return self._read(request) if name == "batch_get_item" else self._write(name, request)

    def _read(self, request: dict[str, Any]) -> Any:
        ((table, requested),) = request["RequestItems"].items()
        keys, left = requested["Keys"][: self._at_once], requested["Keys"][self._at_once :]
        answer: dict[str, Any] = {"Responses": {}}
        if keys:
            some = {**requested, "Keys": keys}
            answer = super().answer("batch_get_item", {"RequestItems": {table: some}})
        return answer | ({"UnprocessedKeys": {table: {**requested, "Keys": left}}} if left else {})

    def _write(self, name: str, request: dict[str, Any]) -> Any:
        ((table, requests),) = request["RequestItems"].items()
        super().answer(name, {"RequestItems": {table: requests[:1]}})
        return {"UnprocessedItems": {table: requests[1:]} if requests[1:] else {}}


def refusal(code: str, status: int = 400) -> ClientError:
    """Return the error that botocore raises for an error response of DynamoDB."""
    metadata = {"HTTPStatusCode": status, "RetryAttempts": 0}
    response: Any = {"Error": {"Code": code, "Message": "…"}, "ResponseMetadata": metadata}
    return ClientError(response, "AnyCall")


THROTTLED = refusal("ProvisionedThroughputExceededException")
BROKEN = refusal("InternalServerError", 500)
FORBIDDEN = refusal("AccessDeniedException")
