"""The list of what is no failure, each entry with its reason. Keep it short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

Seen = Callable[[Any, Any], bool]


class Entry(NamedTuple):
    """A check's complaint that is right by the document's words: where it is so, and why."""

    check: str
    reason: str
    applies: Seen


_PRECONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since")


def _is_conditional(case: Any) -> bool:
    return any(name in (case.headers or {}) for name in _PRECONDITIONS)


ALLOWED: Final = (
    Entry(
        "RejectedPositiveData",
        "A cursor is sealed: only one that the API gave is taken, which no schema can say.",
        lambda case, response: response.status_code == 400 and "cursor" in (case.query or {}),
    ),
    Entry(
        "RejectedPositiveData",
        "Whether a precondition holds depends on the item, not on the request.",
        lambda case, response: response.status_code == 412 and _is_conditional(case),
    ),
    *(
        Entry(
            check,
            "The server refuses a request line of over 8,190 bytes before the API reads it, as API "
            "Gateway refuses more than 10,240 of line and headers. No schema limits their sum.",
            lambda _case, response: response.status_code == 414,
        )
        for check in ("AcceptedNegativeData", "RejectedPositiveData", "UndefinedStatusCode")
    ),
)


def is_allowed(failure: Any, case: Any, response: Any) -> bool:
    """Tell whether an entry applies."""
    return any(
        type(failure).__name__ == entry.check and entry.applies(case, response) for entry in ALLOWED
    )
