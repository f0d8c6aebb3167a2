"""Query parameters that every listing has, read strictly: a typo is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chalice.app import MultiDict, Request

from chalicelib.errors import MAX_ERRORS, FieldError, InvalidQuery

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_IDS: Final = 100


class Selection(NamedTuple):
    """Items are requested by their ids."""

    ids: tuple[str, ...]


class Parameters:
    """The parameters of a request. Collects the first broken rules, and counts them all."""

    def __init__(self, request: Request) -> None:
        given = request.query_params or MultiDict({})
        self._errors: list[FieldError] = []
        self._count = 0
        self.values: Mapping[str, str] = {
            name: self._once(name, given.getlist(name)) for name in given
        }

    def error(self, name: str, rule: str, kind: str) -> None:
        """Note a broken rule."""
        self._count += 1
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(FieldError((name,), rule, kind))

    def known(self, names: Iterable[str]) -> None:
        """Refuse every parameter but those of `names`."""
        rule = f"Not one of {', '.join(names)}"
        for name in self.values:
            if name not in names:
                self.error(name, rule, "extra_forbidden")

    def limit(self) -> int:
        """Return how many items a page may have."""
        limit = self.values.get("limit", str(DEFAULT_LIMIT))
        if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
            self.error("limit", f"Must be a whole number from 1 to {MAX_LIMIT}", "limit")
            return 1
        return int(limit)

    def selection(self) -> Selection:
        """Return the ids that are requested."""
        self.known(("ids",))
        ids = tuple(self.values["ids"].split(","))
        if not all(ids):
            self.error("ids", "Must be ids, with a comma between them", "ids")
        if len(ids) > MAX_IDS:
            self.error("ids", f"Must be at most {MAX_IDS} ids", "too_long")
        return Selection(ids)

    def check(self) -> None:
        """Raise `InvalidQuery` where a rule is broken."""
        if self._errors:
            raise InvalidQuery(self._errors, self._count)

    def _once(self, name: str, texts: list[str]) -> str:
        if len(texts) > 1:
            self.error(name, "Given more than once", "duplicate")
        return texts[-1]
