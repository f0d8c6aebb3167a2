"""
Values as DynamoDB types them, and items as a `NamedTuple` declares them.

An item has an attribute for each field that is not `None`. A field's annotation decides how it
is read, so a new field of a resource needs nothing here unless its type is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Generic,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

Item = dict[str, Any]
"""An item as DynamoDB's client takes and returns it: `{"price": {"N": "24.99"}, …}`."""

_HISTORY: Final[Mapping[str, Any]] = {
    "version": 0,
    "created_at": datetime(1970, 1, 1, tzinfo=UTC),
    "updated_at": datetime(1970, 1, 1, tzinfo=UTC),
}
"""Of an item that was made past the API. The first update gives it a version."""


class Stored(Protocol):
    """An item of a resource: a `NamedTuple` with at least these fields."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...
    def _asdict(self) -> dict[str, Any]: ...


T = TypeVar("T", bound=Stored)


def key(item_id: str) -> Item:
    """Return the table's key of an item."""
    return {"id": {"S": item_id}}


def attribute(value: object) -> dict[str, str]:
    """Return a value as DynamoDB types it: numbers as exact text, moments as ISO 8601."""
    if isinstance(value, datetime):
        return {"S": value.isoformat(timespec="microseconds")}
    if isinstance(value, (int, Decimal)):
        return {"N": format(value, "f") if isinstance(value, Decimal) else str(value)}
    return {"S": str(value)}


def to_item(stored: Stored) -> Item:
    """Return the item to store; what is `None` is left out."""
    return {name: attribute(value) for name, value in stored._asdict().items() if value is not None}


class Reader(Generic[T]):
    """Reads items of one resource. `kind` is its `NamedTuple`."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        hints = get_type_hints(kind)
        self._readers = {name: _reader(hint) for name, hint in hints.items()}
        defaults: Mapping[str, Any] = getattr(kind, "_field_defaults", {})
        self._required = frozenset(hints) - frozenset(defaults) - frozenset(_HISTORY)

    def read(self, item: Mapping[str, Any]) -> T:
        """Raise `KeyError`, `ValueError` or `ArithmeticError` for an item that is none."""
        given = {
            name: read(item[name])
            for name, read in self._readers.items()
            if name in item or name in self._required
        }
        return self._kind(**{**_HISTORY, **given})

    def created_at(self, item: Item) -> datetime:
        """Return when an item was made, whatever else it has."""
        return _moment(item["created_at"])

    def missing(self, item: Item) -> list[str]:
        """Return the names of the required fields that an item does not have."""
        return sorted(self._required - item.keys())


def _reader(hint: Any) -> Callable[[Mapping[str, str]], Any]:
    """Return how an attribute of a field with this annotation, or that or `None`, is read."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    match [kind for kind in kinds if kind is not NoneType]:
        case [kind] if kind in _READERS:
            return _READERS[kind]
    raise TypeError(f"no attribute type for {hint}: add it to `attribute` and `_READERS`")


def _moment(value: Mapping[str, str]) -> datetime:
    """Return a time in UTC, as HTTP's dates need it. Raise `ValueError` if it has no zone."""
    moment = datetime.fromisoformat(value["S"])
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)


_READERS: Final[Mapping[Any, Callable[[Mapping[str, str]], Any]]] = {
    str: lambda value: value["S"],
    int: lambda value: int(value["N"]),
    Decimal: lambda value: Decimal(value["N"]),
    datetime: _moment,
}
