"""How many of the API's circuit breakers are open, by their log lines: each process has its own."""

from __future__ import annotations

from typing import Final

OPENED: Final = "cache circuit opened"
CLOSED: Final = "cache circuit closed"


class Circuits:
    """All closed at first, and again when the API starts anew."""

    def __init__(self) -> None:
        self.open = 0

    def take(self, message: str) -> None:
        """Follow a line's message."""
        if message == OPENED:
            self.open += 1
        elif message == CLOSED:
            self.open = max(0, self.open - 1)

    def reset(self) -> None:
        """Forget the processes that there were."""
        self.open = 0
