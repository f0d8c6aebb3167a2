"""
Every error as `application/problem+json` (RFC 9457). The one place from error to status.

To give a new error a status, add a line to `STATUS`; a test requires one for each error class.
"""

from __future__ import annotations

import json
from typing import Any, Final

from chalice.app import Response

from chalicelib import errors, telemetry

STATUS: Final[dict[type[errors.ServiceError], int]] = {
    errors.InvalidFields: 422,
    errors.InvalidQuery: 422,
    errors.InvalidCursor: 400,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.KeyReused: 422,
    errors.PreconditionFailed: 412,
    errors.StoreRefused: 500,
    errors.CacheUnavailable: 503,
    errors.StoreUnavailable: 503,
    errors.OutcomeUnknown: 503,
}

TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
"""As RFC 9110 and 6585 have them: Python's own differ from version to version."""

RETRY_AFTER_SECONDS: Final = "1"


class Problem(Exception):
    """A request refused before it reaches the catalog: by media type, size or JSON."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def to_response(error: Exception) -> Response:
    """Return the answer to any error. Unexpected ones are a 500 without details."""
    if isinstance(error, Problem):
        return render(error.status, str(error))
    if not isinstance(error, errors.ServiceError) or isinstance(error, errors.StoreRefused):
        telemetry.exception("unexpected error", reason=_kind(error.__cause__ or error))
        return render(500, "An internal error occurred; the request id leads to its log lines")
    status = STATUS[type(error)]
    if isinstance(error, errors.InvalidInput):
        broken = [each._asdict() for each in error.errors]
        return render(status, str(error), errors=broken, error_count=error.count)
    response = render(status, str(error))
    if status == 503:
        telemetry.warning("unavailable", reason=_kind(error.__cause__ or error))
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _kind(error: BaseException) -> str:
    """Return AWS's code for an error, else its class: its text may quote a product."""
    response = getattr(error, "response", None)
    answered = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(answered.get("Code") or type(error).__name__)


def render(status: int, detail: str, **more: Any) -> Response:
    """Return a problem as a response."""
    problem = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        **more,
    }
    # A path may hold what UTF-8 cannot: escaped, it can be sent all the same.
    body = json.dumps(problem)
    return Response(body, {"Content-Type": "application/problem+json"}, status)
