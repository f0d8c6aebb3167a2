"""
The commands that the cache protocol needs, of one server; what it answers or fails to, as our own.

A circuit breaker keeps reads from a server that does not answer. Knows neither how the server is
connected to (`redis_pool.py`) nor of what cluster it is a part (`redis_cluster.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, cast

from chalicelib import telemetry
from chalicelib.circuit_breaker import CircuitBreaker
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_connection import Command, Refused, accepted
from chalicelib.redis_slots import REDIRECTIONS

_T = TypeVar("_T")

_WRONG_TYPE: Final = "WRONGTYPE"
_NO_PRIMARY: Final = {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"}
"""
What may come back as a replica says so: its connections are dropped, for the primary's name leads
elsewhere by now, and a read would not find out. (Idle ones, ours among them: others are in use.)
"""


class Client(Protocol):
    """What speaks to a server: `redis_pool.Pool`, or what a test has in its place."""

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Return an answer for each command, a `Refused` among them. Raise `Refused`, `OSError`."""

    def disconnect(self) -> None:
        """Close what is idle."""


class RedisStore:
    """The commands that the cache protocol needs. Each may raise `CacheUnavailable`."""

    def __init__(self, client: Client, breaker: CircuitBreaker) -> None:
        self._client = client
        self._breaker = breaker

    def get(self, key: str) -> bytes | None:
        """Return the value, or at once raise `CacheUnavailable` while the circuit is open."""
        if not self._breaker.allows():
            raise CacheUnavailable("circuit open")
        try:
            return cast("bytes | None", self._ask("GETEX", key))
        except _WrongType:
            return b""

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """Set `key` unless it exists; tell whether it did."""
        return self._ask("SET", key, value, "NX", "PX", ttl_ms) is not None

    def run(self, script: str, key: str, *args: bytes | str | int) -> int:
        """Run a script on one key. Plain EVAL: one round trip, also just after a failover."""
        return cast("int", self._ask("EVAL", script, 1, key, *args))

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """As `get`, in one round trip. Not by MGET: keys on several shards would refuse it."""
        if not self._breaker.allows():
            raise CacheUnavailable("circuit open")
        return [
            b"" if isinstance(answer, Refused) else answer
            for answer in self._ask_many([("GETEX", key) for key in keys])
        ]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """As `add`, in one round trip."""
        commands = [("SET", key, value, "NX", "PX", ttl_ms) for key, value in values.items()]
        return [answer == b"OK" for answer in self._ask_many(commands)]

    def run_many(self, script: str, calls: Sequence[Command]) -> Sequence[int]:
        """As `run`, in one round trip."""
        return self._ask_many([("EVAL", script, 1, *call) for call in calls])

    def ping(self) -> None:
        """Raise `CacheUnavailable` where Redis does not answer."""
        self._ask("PING")

    def slots(self) -> Any:
        """Return who has which keys, as a cluster's node tells it."""
        return self._ask("CLUSTER", "SLOTS")

    def _ask(self, *command: str | bytes | int) -> Any:
        return self._try(lambda: accepted(self._client.ask([command]))[0])

    def _ask_many(self, commands: Sequence[Command]) -> list[Any]:
        """Send all at once. A refusal fails them all, but that of a key of another type."""
        if not commands:
            return []  # nothing is asked, so nothing is learnt of Redis
        return self._try(lambda: accepted(self._client.ask(commands), _WRONG_TYPE))

    def _try(self, command: Callable[[], _T]) -> _T:
        started = time.perf_counter()
        try:
            answer = command()
        except Refused as error:
            if error.kind == _WRONG_TYPE:
                raise _WrongType from None
            if error.kind not in REDIRECTIONS:
                self._failed(error.kind)
            if error.kind in _NO_PRIMARY:
                self._client.disconnect()
            raise CacheUnavailable(f"Refused: {error.kind}") from error
        except OSError as error:
            self._failed(type(error).__name__)
            raise CacheUnavailable(f"Redis did not answer: {type(error).__name__}") from error
        finally:
            telemetry.spent("cache", time.perf_counter() - started)
        if self._breaker.succeeded():
            telemetry.info("cache circuit closed")
        return answer

    def _failed(self, reason: str) -> None:
        """Note a failure by its kind: its text could hold host names, and what was sent."""
        if self._breaker.failed():
            telemetry.warning("cache circuit opened", reason=reason)
            telemetry.count("BreakerOpened")


class _WrongType(Exception):
    """The key holds a hash, a list or the like: nothing that we wrote."""
