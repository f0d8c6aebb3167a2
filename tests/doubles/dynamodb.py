"""DynamoDB clients that misbehave on purpose, each in one way. All else goes to a real client."""

from typing import Any

from botocore.exceptions import ClientError


class SeenDynamoDB:
    """Keeps each request. To misbehave, a subclass says how by `answer`."""

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


class FailingDynamoDB(SeenDynamoDB):
    """Every call fails with the same error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def answer(self, *_: object) -> Any:
        raise self._error


class ForgetfulDynamoDB(SeenDynamoDB):
    """
    The first answer to a write is lost, and botocore sends it again.

    `between`, if given, runs after the first try has taken effect.
    """

    def __init__(self, client: Any, between: Any = None) -> None:
        super().__init__(client)
        self._between = between

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        getattr(self._client, name)(**request)
        if self._between is not None:
            self._between()
        try:
            return getattr(self._client, name)(**request)
        except ClientError as error:
            error.response["ResponseMetadata"]["RetryAttempts"] = 1
            raise


class RepeatingDynamoDB(SeenDynamoDB):
    """The first try never arrived (it was throttled, say); what answers is the second one."""

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        try:
            return getattr(self._client, name)(**request)
        except ClientError as error:
            error.response["ResponseMetadata"]["RetryAttempts"] = 1
            raise


class StingyDynamoDB(SeenDynamoDB):
    """A BatchWriteItem takes one item a call and hands the others back."""

    def answer(self, name: str, request: dict[str, Any]) -> Any:
        ((table, requests),) = request["RequestItems"].items()
        super().answer(name, {"RequestItems": {table: requests[:1]}})
        return {"UnprocessedItems": {table: requests[1:]} if requests[1:] else {}}


def refusal(code: str, status: int = 400, attempts: int = 0) -> ClientError:
    """Return the error that botocore raises for an answer of DynamoDB."""
    metadata = {"HTTPStatusCode": status, "RetryAttempts": attempts}
    response: Any = {"Error": {"Code": code, "Message": "…"}, "ResponseMetadata": metadata}
    return ClientError(response, "AnyCall")
