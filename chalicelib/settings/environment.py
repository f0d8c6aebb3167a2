"""
Reads the environment's variables one by one, and collects an error for each that is invalid.

Knows no setting. An error has the rule and never the variable's content, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")


class Rule:
    """A pattern for the whole value, and its description."""

    def __init__(self, pattern: str, words: str) -> None:
        self.matches = re.compile(pattern).fullmatch
        self.words = words


class Reader:
    """Returns values and collects errors. An empty variable counts as unset."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.errors: list[str] = []

    def text(self, name: str, rule: Rule, default: str | None = None) -> str:
        value = self._env.get(name) or default
        if value is None:
            return self._invalid(f"{name} is missing; it must be {rule.words}", "")
        if value and not rule.matches(value):
            return self._invalid(f"{name} must be {rule.words}", "")
        return value

    def certificates(self, name: str) -> str | None:
        """Return the path of a PEM file. It is read now, not at the first request."""
        path = self._env.get(name)
        if path and not _holds_certificates(path):
            self.add_error(f"{name} must be the path of a file of certificates (PEM)")
        return path or None

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self._env.get(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            return self._invalid(f"{name} must be a whole number from {low} to {high}", default)
        return int(value)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self._env.get(name) or str(default)
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", value) or not low <= float(value) <= high:
            return self._invalid(f"{name} must be a number from {low} to {high}", default)
        return float(value)

    def boolean(self, name: str, *, default: bool) -> bool:
        value = (self._env.get(name) or str(default)).lower()
        if value not in _BOOLEANS:
            return self._invalid(f"{name} must be true or false", default)
        return _BOOLEANS[value]

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`, given in any case; the first is the default."""
        value = self._env.get(name) or choices[0]
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        return self._invalid(f"{name} must be one of {', '.join(choices)}", choices[0])

    def add_error(self, error: str) -> None:
        """Add an error that concerns more than one variable."""
        self.errors.append(f"  {error}")

    def _invalid(self, error: str, substitute: _T) -> _T:
        self.add_error(error)
        return substitute


def _holds_certificates(path: str) -> bool:
    try:
        return b"-----BEGIN CERTIFICATE-----" in Path(path).read_bytes()
    except OSError:
        return False


_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
