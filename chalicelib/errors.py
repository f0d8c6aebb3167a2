"""
The errors that any resource has. Their HTTP statuses are in `api/problems.py`.

    ServiceError
    ├── InvalidInput
    │   ├── InvalidFields    a field breaks a rule
    │   ├── InvalidQuery     a query parameter or header breaks a rule
    │   └── KeyReused        the idempotency key was used for another item
    ├── InvalidCursor        not a cursor of this API
    ├── NotFound
    ├── AlreadyExists        an item with this id exists
    ├── PreconditionFailed   the item is not in the state that the request requires
    ├── StoreRefused         DynamoDB refuses the request: an error of this service
    └── Unavailable          a required part does not answer; nothing was written
        ├── CacheUnavailable     Redis
        └── StoreUnavailable     DynamoDB
            └── OutcomeUnknown   DynamoDB, during a write: it may or may not be committed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_ERRORS: Final = 20
"""Broken rules listed in one answer. Of the others, only the number is given."""
_NAME_SHOWN: Final = 100


class FieldError(NamedTuple):
    """One broken rule: its place, its text and its short name."""

    loc: tuple[str | int, ...]
    msg: str
    type: str

    @property
    def field(self) -> str:
        """Name the field. The client chose the name, which may be empty."""
        return ".".join(map(str, self.loc)) or '""' if self.loc else "body"

    def shortened(self) -> FieldError:
        """Return it with long names cut."""
        cut = (_cut(each) if isinstance(each, str) else each for each in self.loc)
        return self._replace(loc=tuple(cut))


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…"


class ServiceError(Exception):
    """What a request can be refused for or fail by. Its text may be shown to the client."""


class InvalidInput(ServiceError):
    """`errors` are the first `MAX_ERRORS` of the `count` broken rules."""

    def __init__(self, errors: Sequence[FieldError], count: int | None = None) -> None:
        self.errors = tuple(error.shortened() for error in errors[:MAX_ERRORS])
        self.count = len(errors) if count is None else count
        named = ", ".join(error.field for error in self.errors)
        more = self.count - len(self.errors)
        super().__init__(f"Not valid: {named}" + (f", and {more} more" if more else ""))


class InvalidFields(InvalidInput):
    """A field of the body breaks a rule of the resource's `schemas.py`."""


class InvalidQuery(InvalidInput):
    """A query parameter or a header breaks its rule."""


class KeyReused(InvalidInput):
    """The idempotency key was used for another item."""

    def __init__(self, noun: str) -> None:
        rule = f"Was used for another {noun.lower()}"
        super().__init__([FieldError(("Idempotency-Key",), rule, "key_reused")])


class InvalidCursor(ServiceError):
    """A cursor that `dynamodb/cursors.py` did not make."""

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this API gave")


class NotFound(ServiceError):
    """No item has this id."""

    def __init__(self, noun: str, item_id: str) -> None:
        super().__init__(f"{noun} with id '{item_id}' not found")


class AlreadyExists(ServiceError):
    """An item with this id exists, so it cannot be added."""

    def __init__(self, noun: str, item_id: str) -> None:
        super().__init__(f"{noun} with id '{item_id}' exists already")


class PreconditionFailed(ServiceError):
    """The item is not in the state that the request requires. Nothing was written."""

    def __init__(self, noun: str, item_id: str) -> None:
        super().__init__(f"{noun} with id '{item_id}' does not meet the preconditions")


class StoreRefused(ServiceError):
    """DynamoDB refuses the request itself: a right is missing, for example. Nothing was written."""


class Unavailable(ServiceError):
    """A required part does not answer. Nothing was written; try again later."""


class CacheUnavailable(Unavailable):
    """Redis did not answer, refused the command, or was not asked (circuit open)."""


class StoreUnavailable(Unavailable):
    """
    DynamoDB is out of reach, throttles, has no such table or does not accept the credentials.

    Where a retry could help, it did not.
    """


class OutcomeUnknown(StoreUnavailable):
    """DynamoDB stopped answering during a write: it may or may not be committed."""
