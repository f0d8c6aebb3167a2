"""
The commands that the cache protocol needs, of one server; what it answers or fails to, as our own.

A circuit breaker keeps reads from a server that does not answer. Knows neither how the server is
connected to (`redis_connection.py`) nor of what cluster it is a part (`redis_cluster.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import redis
from redis.exceptions import AskError

from chalicelib import telemetry
from chalicelib.circuit_breaker import CircuitBreaker
from chalicelib.errors import CacheUnavailable

_T = TypeVar("_T")

_FAILURES: Final = (redis.RedisError, OSError)
_ELSEWHERE: Final = "another server of the cluster has the key"  # the error's cause tells which


class RedisStore:
    """The commands that the cache protocol needs. Each may raise `CacheUnavailable`."""

    def __init__(self, client: redis.Redis, breaker: CircuitBreaker) -> None:
        self._client = client
        self._breaker = breaker

    def get(self, key: str) -> bytes | None:
        """Return the value, or at once raise `CacheUnavailable` while the circuit is open."""
        if not self._breaker.allows():
            raise CacheUnavailable("circuit open")
        try:
            return cast("bytes | None", self._try(lambda: self._client.get(key)))
        except _WrongType:
            return b""

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """Set `key` unless it exists; tell whether it did."""
        return bool(self._try(lambda: self._client.set(key, value, nx=True, px=ttl_ms)))

    def run(self, script: str, key: str, *args: bytes | str | int) -> int:
        """Run a script on one key. Plain EVAL: one round trip, also just after a failover."""
        return cast("int", self._try(lambda: self._client.eval(script, 1, key, *args)))

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """As `get`, in one round trip. Not by MGET: keys on several shards would refuse it."""
        if not self._breaker.allows():
            raise CacheUnavailable("circuit open")
        return [
            b"" if isinstance(answer, redis.ResponseError) else answer
            for answer in self._pipe([("GET", key) for key in keys])
        ]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """As `add`, in one round trip."""
        commands = [("SET", key, value, "NX", "PX", ttl_ms) for key, value in values.items()]
        return [answer is True or answer == b"OK" for answer in self._pipe(commands)]

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        """As `run`, in one round trip."""
        return self._pipe([("EVAL", script, 1, *call) for call in calls])

    def ping(self) -> None:
        """Raise `CacheUnavailable` where Redis does not answer."""
        self._try(self._client.ping)

    def slots(self) -> Any:
        """Return who has which keys, as a cluster's node tells it."""
        return self._try(lambda: self._client.execute_command("CLUSTER SLOTS"))

    def _pipe(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send all at once. A refusal fails them all, but that of a key of another type."""
        if not commands:
            return []  # nothing is asked, so nothing is learnt of Redis
        return self._try(lambda: self._exchanged(commands))

    def _exchanged(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline: Any = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, redis.ResponseError) and not _is_wrong_type(answer):
                raise answer
        return answers

    def _leave(self) -> None:
        """
        Drop the connections to a primary that has become a replica: its name leads elsewhere now.

        Only the idle ones, ours among them by now: others are in the midst of a command.
        """
        self._client.connection_pool.disconnect(inuse_connections=False)

    def _try(self, command: Callable[[], _T]) -> _T:
        started = time.perf_counter()
        try:
            answer = command()
        except AskError as error:
            raise CacheUnavailable(_ELSEWHERE) from error
        except redis.ResponseError as error:
            if _is_wrong_type(error):
                raise _WrongType from None
            self._failed(error)
            if isinstance(error, redis.ReadOnlyError):
                self._leave()
            raise CacheUnavailable(f"Redis refused: {_reason(error)}") from error
        except _FAILURES as error:
            self._failed(error)
            raise CacheUnavailable(f"Redis did not answer: {_reason(error)}") from error
        finally:
            telemetry.spent("cache", time.perf_counter() - started)
        if self._breaker.succeeded():
            telemetry.info("cache circuit closed")
        return answer

    def _failed(self, error: Exception) -> None:
        if self._breaker.failed():
            telemetry.warning("cache circuit opened", reason=_reason(error))
            telemetry.count("BreakerOpened")


class _WrongType(Exception):
    """The key holds a hash, a list or the like: nothing that we wrote."""


def _is_wrong_type(error: redis.ResponseError) -> bool:
    return str(error).startswith("WRONGTYPE")


def _reason(error: Exception) -> str:
    """Return an error's kind: its text could hold host names, and differs by version."""
    return type(error).__name__
