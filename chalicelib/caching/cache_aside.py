"""
Cache-aside: the items of one resource, fresh whatever the timing.

A read asks the cache, and the table only on a miss. A write fences the item's key, commits, then
deletes the key. Knows no fields, and neither HTTP, DynamoDB nor Redis.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from chalicelib import telemetry
from chalicelib.caching.entries import Fetched
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.resources import Resource
from chalicelib.resources.idempotency import fingerprint, id_from
from chalicelib.resources.listing import IndexQuery
from chalicelib.resources.precondition import NO_PRECONDITION, Precondition, Versioned
from chalicelib.resources.representation import Page, Representation, is_id

T = TypeVar("T", bound=Versioned)

Check = Callable[[Representation], None]
"""
Called with each item of a listing as soon as it is read, in any order. An error that it raises
ends the read, so a listing that gets too long is not read to its end.
"""


class Stored(Protocol[T]):
    """The table of the items: `dynamodb/table.py`, which documents what each call raises."""

    def get(self, item_id: str, /) -> T | None: ...

    def add(
        self, item_id: str, fields: Mapping[str, Any], fingerprint: str | None = None, /
    ) -> T: ...

    def update(self, item_id: str, changes: Mapping[str, Any], when: Precondition, /) -> T: ...

    def remove(self, item_id: str, when: Precondition, /) -> None: ...

    def get_many(self, item_ids: Sequence[str], /) -> Mapping[str, T]: ...

    def scan(self, limit: int, cursor: str | None, /) -> tuple[list[T], str | None]: ...

    def query(
        self, query: IndexQuery, limit: int, cursor: str | None, /
    ) -> tuple[Mapping[str, Decimal], str | None]: ...


class Cached(Protocol):
    """The cached items: `item_cache.py`."""

    def fetch(
        self, item_id: str, load: Callable[[], Representation | None], /
    ) -> Fetched[Representation]: ...

    def fetch_many(
        self,
        item_ids: Sequence[str],
        load: Callable[[Sequence[str]], Mapping[str, Representation]],
        check: Check,
        /,
    ) -> Mapping[str, Representation | None]: ...

    def fenced(self, item_id: str, /) -> AbstractContextManager[None]: ...


def _any(_: Representation) -> None:
    """Let every item pass."""


class CacheAside(Generic[T]):
    """
    The items of one resource.

    `stored` is called on first need, so that a hit does not wait for DynamoDB's client. A write
    whose precondition is false raises `PreconditionFailed`, and nothing is written. Every method
    may raise `Unavailable`.
    """

    def __init__(
        self,
        resource: Resource,
        represent: Callable[[T], Representation],
        cache: Cached,
        stored: Callable[[], Stored[T]],
    ) -> None:
        self._resource = resource
        self._represent = represent
        self._cache = cache
        self._stored = stored

    def get(self, item_id: str) -> Fetched[Representation]:
        """Return the item, or `None`, and whether the cache or the table answered."""
        return self._cache.fetch(item_id, lambda: self._load(item_id))

    def get_many(
        self, item_ids: Iterable[str], check: Check = _any
    ) -> dict[str, Representation | None]:
        """Return up to 100 items in the requested order, each one once."""
        wanted = list(dict.fromkeys(item_ids))
        known = self._cache.fetch_many(list(filter(is_id, wanted)), self._load_many, check)
        return {item_id: known.get(item_id) for item_id in wanted}

    def list(self, limit: int, cursor: str | None = None, check: Check = _any) -> Page:
        """Return a page of all items. Never cached: a page cannot be fenced."""
        items, next_cursor = self._stored().scan(limit, cursor)
        return Page(tuple(_checked(map(self._represent, items), check)), next_cursor)

    def list_index(
        self, query: IndexQuery, limit: int, cursor: str | None = None, check: Check = _any
    ) -> Page:
        """
        Return a page of an index, in its order.

        The index has the ids; the cache or the table has the items as they are now. An item that
        the index still has at another number is left out, so a page may be short.
        """
        numbers, next_cursor = self._stored().query(query, limit, cursor)
        items = self.get_many(numbers, check)
        listed = (
            self._listed(query, item, numbers[item_id], item_id)
            for item_id, item in items.items()
            if item is not None
        )
        return Page(tuple(filter(None, listed)), next_cursor)

    def create(self, fields: Mapping[str, Any], idempotency_key: str | None = None) -> T:
        """
        Store a new item; with a key that was used before, return the item it first made.

        Without a key there is no fence: no request can have named a new random UUID before, so no
        entry can be stale. Raise `KeyReused`, or `AlreadyExists` where the key's item was
        replaced by an import.
        """
        item_id = id_from(idempotency_key) if idempotency_key is not None else str(uuid.uuid4())
        telemetry.add_ids(**{self._resource.id_name: item_id})
        if idempotency_key is None:
            return self._stored().add(item_id, fields)
        with self._cache.fenced(item_id):
            return self._stored().add(item_id, fields, fingerprint(fields))

    def update(
        self,
        item_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> T:
        """Change the fields named; `None` removes one. Raise `NotFound`."""
        if not changes:
            return self._unchanged(item_id, precondition)
        with self._cache.fenced(item_id):
            return self._stored().update(item_id, changes, precondition)

    def delete(self, item_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        """Remove the item. Raise `NotFound`."""
        with self._cache.fenced(item_id):
            self._stored().remove(item_id, precondition)

    def _listed(
        self, query: IndexQuery, item: Representation, number: Decimal, item_id: str
    ) -> Representation | None:
        """Return the item if it is in the listing; load it if the cached text is no item."""
        try:
            return item if query.lists(item, number) else None
        except ValueError:
            loaded = self._load(item_id)
            return loaded if loaded and query.lists(loaded, number) else None

    def _load(self, item_id: str) -> Representation | None:
        item = self._stored().get(item_id)
        return None if item is None else self._represent(item)

    def _load_many(self, item_ids: Sequence[str]) -> dict[str, Representation]:
        items = self._stored().get_many(item_ids)
        return {item_id: self._represent(item) for item_id, item in items.items()}

    def _unchanged(self, item_id: str, precondition: Precondition) -> T:
        item = self._stored().get(item_id)
        if item is None:
            raise NotFound(self._resource.noun, item_id)
        if not precondition.holds(item):
            raise PreconditionFailed(self._resource.noun, item_id)
        return item


def _checked(items: Iterable[Representation], check: Check) -> Iterator[Representation]:
    for item in items:
        check(item)
        yield item
