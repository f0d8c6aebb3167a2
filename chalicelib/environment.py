"""
How one variable of the environment is read: the kinds of rule, and a fault for each that is broken.

Knows no setting. Says what the rule is and never what the variable holds: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")


class Rule:
    """A pattern that the whole value matches, and the same in words."""

    def __init__(self, pattern: str, words: str) -> None:
        self.matches = re.compile(pattern).fullmatch
        self.words = words


class Reader:
    """Reads variables one by one and remembers each fault. An empty one counts as unset."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.faults: list[str] = []

    def text(self, name: str, rule: Rule, default: str | None = None) -> str:
        value = self._env.get(name) or default
        if value is None:
            return self._fault(f"{name} is missing; it must be {rule.words}", "")
        if value and not rule.matches(value):
            return self._fault(f"{name} must be {rule.words}", "")
        return value

    def certificates(self, name: str) -> str | None:
        """Take the path of a file that is seen to hold some: at a request it would be too late."""
        path = self._env.get(name)
        if path and not _holds_certificates(path):
            self.fault(f"{name} must be the path of a file of certificates (PEM)")
        return path or None

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self._env.get(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            return self._fault(f"{name} must be a whole number from {low} to {high}", default)
        return int(value)

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self._env.get(name) or str(default)
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", value) or not low <= float(value) <= high:
            return self._fault(f"{name} must be a number from {low} to {high}", default)
        return float(value)

    def boolean(self, name: str, *, default: bool) -> bool:
        value = (self._env.get(name) or str(default)).lower()
        if value not in _BOOLEANS:
            return self._fault(f"{name} must be true or false", default)
        return _BOOLEANS[value]

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Take one of `choices`, in any case; the first is the default."""
        value = self._env.get(name) or choices[0]
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        return self._fault(f"{name} must be one of {', '.join(choices)}", choices[0])

    def fault(self, fault: str) -> None:
        """Remember what no single variable is at fault for."""
        self.faults.append(f"  {fault}")

    def _fault(self, fault: str, stand_in: _T) -> _T:
        self.fault(fault)
        return stand_in


def _holds_certificates(path: str) -> bool:
    try:
        return b"-----BEGIN CERTIFICATE-----" in Path(path).read_bytes()
    except OSError:
        return False


_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
