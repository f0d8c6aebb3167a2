"""
What each error of DynamoDB means: can a retry help, and may the request have been carried out?

Sources: "Error handling with DynamoDB" (developer guide), "Common errors" and the errors of each
operation (API reference). `docs/decisions/0024-dynamodb-errors.md` has the table for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 — botocore's: no connection was made
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError

CONDITION: Final = "ConditionalCheckFailedException"


class Meaning(Enum):
    """What a failed attempt means to the caller."""

    BUSY = "not carried out; a retry may help"
    LOST = "may have been carried out; a retry may help"
    UNUSABLE = "not carried out: no table or no valid credentials; no retry helps soon"
    REFUSED = "not carried out: a fault of this application or of its rights"


_CODES: Final[Mapping[Meaning, tuple[str, ...]]] = {
    Meaning.BUSY: (
        "BandwidthLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "UnrecognizedClientException",
    ),
    Meaning.LOST: (
        "InternalFailure",
        "InternalServerError",
        "PriorRequestNotComplete",
        "RequestAbortedException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ),
    Meaning.UNUSABLE: (
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
    ),
    Meaning.REFUSED: (
        "AccessDenied",
        "AccessDeniedException",
        "MalformedHttpRequestException",
        "NotAuthorized",
        "OptInRequired",
        "RequestEntityTooLargeException",
        "SerializationException",
        "UnknownOperationException",
        "ValidationError",
        "ValidationException",
    ),
}
MEANINGS: Final = {code: meaning for meaning, codes in _CODES.items() for code in codes}

_CREDENTIALS: Final = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError)
_NO_ANSWER: Final = (HTTPClientError, IncompleteReadError, ResponseParserError, SSLError)


def meaning_of(error: Exception) -> Meaning | None:
    """Return what `error` means; `None` for one that is not listed: then nothing is known."""
    if isinstance(error, ClientError):
        return _meaning_of_answer(error)
    if isinstance(error, _NO_ANSWER):
        return Meaning.LOST
    if isinstance(error, ConnectionError):
        return Meaning.BUSY
    if isinstance(error, _CREDENTIALS):
        return Meaning.UNUSABLE
    return Meaning.REFUSED if isinstance(error, ParamValidationError) else None


def _meaning_of_answer(error: ClientError) -> Meaning | None:
    listed = MEANINGS.get(error.response["Error"]["Code"])
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 500)
    return listed or (Meaning.LOST if status >= 500 else None)
