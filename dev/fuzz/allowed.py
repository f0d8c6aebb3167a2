"""Failures that are allowed, each with its reason. Keep the list short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

Condition = Callable[[Any, Any], bool]


class AllowedFailure(NamedTuple):
    """A check that may fail, the condition, and the reason."""

    check: str
    reason: str
    applies: Condition


_PRECONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since")


def _is_conditional(case: Any) -> bool:
    return any(name in (case.headers or {}) for name in _PRECONDITIONS)


ALLOWED: Final = (
    AllowedFailure(
        "RejectedPositiveData",
        "Only a cursor that the API returned is valid. No schema can express that.",
        lambda case, response: response.status_code == 400 and "cursor" in (case.query or {}),
    ),
    AllowedFailure(
        "RejectedPositiveData",
        "Whether a precondition holds depends on the item, not on the request.",
        lambda case, response: response.status_code == 412 and _is_conditional(case),
    ),
    *(
        AllowedFailure(
            check,
            "The server refuses a request line of over 8,190 bytes before the API reads it, as API "
            "Gateway refuses more than 10,240 of line and headers. No schema limits their sum.",
            lambda _case, response: response.status_code == 414,
        )
        for check in ("AcceptedNegativeData", "RejectedPositiveData", "UndefinedStatusCode")
    ),
)


def is_allowed(failure: Any, case: Any, response: Any) -> bool:
    """Return whether an entry applies."""
    return any(
        type(failure).__name__ == each.check and each.applies(case, response) for each in ALLOWED
    )
