"""
The errors of the catalog. What they mean over HTTP is told in `api/problems.py`.

    CatalogError
    ├── InvalidProduct       a field breaks a rule
    ├── InvalidQuery         a query parameter breaks a rule
    ├── InvalidCursor        a cursor that this catalog did not make
    ├── ProductNotFound
    ├── ProductExists        a product with this id is there already
    ├── KeyReused            an idempotency key that came with another product before
    ├── PreconditionFailed   the product is not in the state that the request requires
    ├── StoreRefused         DynamoDB refuses the request: a fault of ours; nothing was written
    └── Unavailable          a part that the catalog needs does not answer; nothing was written
        ├── CacheUnavailable     Redis
        └── StoreUnavailable     DynamoDB
            └── OutcomeUnknown   DynamoDB, half-way through a write: it may or may not be committed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_ERRORS: Final = 20
"""As many broken rules are listed; of the others, only the number is."""
_NAME_SHOWN: Final = 100


class FieldError(NamedTuple):
    """One broken rule: where, what the rule says, and the rule's short name."""

    loc: tuple[str | int, ...]
    msg: str
    type: str

    @property
    def field(self) -> str:
        """Name the field; the client chose the name, which may be empty."""
        return ".".join(map(str, self.loc)) or '""' if self.loc else "body"

    def shortened(self) -> FieldError:
        """Return it with no more of each name than shows which one is meant."""
        cut = (_cut(each) if isinstance(each, str) else each for each in self.loc)
        return self._replace(loc=tuple(cut))


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…"


class CatalogError(Exception):
    """What the catalog can refuse or fail to do. Its text may be shown to the client."""


class _Invalid(CatalogError):
    """`errors` are the first `MAX_ERRORS` of the `count` rules that are broken."""

    def __init__(self, errors: Sequence[FieldError], count: int | None = None) -> None:
        self.errors = tuple(error.shortened() for error in errors[:MAX_ERRORS])
        self.count = len(errors) if count is None else count
        named = ", ".join(error.field for error in self.errors)
        more = self.count - len(self.errors)
        super().__init__(f"Not valid: {named}" + (f", and {more} more" if more else ""))


class InvalidProduct(_Invalid):
    """A product, or a change to one, that breaks the rules of `products/schemas.py`."""


class InvalidQuery(_Invalid):
    """A query parameter that breaks its rule."""


class InvalidCursor(CatalogError):
    """A cursor that `dynamodb/cursors.py` did not make."""

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this API gave")


class ProductNotFound(CatalogError):
    """No product has this id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(f"Product with id '{product_id}' not found")


class ProductExists(CatalogError):
    """A product with this id exists, so it cannot be added."""

    def __init__(self, product_id: str) -> None:
        super().__init__(f"Product with id '{product_id}' exists already")


class KeyReused(_Invalid):
    """The idempotency key made another product before."""

    def __init__(self) -> None:
        fault = FieldError(("Idempotency-Key",), "Was used for another product", "key_reused")
        super().__init__([fault])


class PreconditionFailed(CatalogError):
    """The product is not in the state that the request requires. Nothing was written."""

    def __init__(self, product_id: str) -> None:
        super().__init__(f"Product with id '{product_id}' does not meet the preconditions")


class StoreRefused(CatalogError):
    """DynamoDB refuses the request for what it is: a right is missing, say. Nothing was written."""


class Unavailable(CatalogError):
    """A part that the catalog needs does not answer. Nothing was written; try again later."""


class CacheUnavailable(Unavailable):
    """Redis did not answer, refused the command, or was not asked (circuit open)."""


class StoreUnavailable(Unavailable):
    """
    DynamoDB is out of reach, throttles, lacks the table or does not accept the credentials.

    Where a retry could help, it did not.
    """


class OutcomeUnknown(StoreUnavailable):
    """DynamoDB stopped answering half-way through a write: it may or may not be committed."""
