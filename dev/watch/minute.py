"""How many in each second of the last minute. Is told the time, as whole seconds."""

from __future__ import annotations

from typing import Final

SECONDS: Final = 60


class Minute:
    """A ring of sixty seconds, each with the second that it stands for."""

    def __init__(self) -> None:
        self._numbers = [0] * SECONDS
        self._seconds = [-1] * SECONDS

    def add(self, second: int) -> None:
        """Count one in this second."""
        place = second % SECONDS
        if self._seconds[place] != second:
            self._seconds[place] = second
            self._numbers[place] = 0
        self._numbers[place] += 1

    def until(self, second: int) -> list[int]:
        """Return the sixty numbers that end with this second, the oldest first."""
        return [self._in(each) for each in range(second - SECONDS + 1, second + 1)]

    def _in(self, second: int) -> int:
        place = second % SECONDS
        return self._numbers[place] if self._seconds[place] == second else 0
