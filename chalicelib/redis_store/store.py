"""
The commands that the cache protocol needs, sent to one server, and what its errors mean.

A circuit breaker keeps reads from a server that does not answer. Knows neither how a server is
connected to (`client.py`) nor the cluster that it may be a part of (`cluster.py`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import redis
from redis.exceptions import AskError, OutOfMemoryError, ResponseError

from chalicelib import telemetry
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.circuit_breaker import CircuitBreaker

Command = tuple[str | bytes | int, ...]

_FAILURES: Final = (redis.RedisError, OSError, ValueError)
"""`ValueError`: a reply that redis-py cannot parse."""
_WRONG_TYPE: Final = "WRONGTYPE"
_PING: Final[Command] = ("PING",)

AT_ONCE: Final = 20
"""
So many keys go in one round trip. A hundred of the largest products are 4 MB, more than the
time-out may leave time for: a reader would leave a healthy Redis alone, and a batch of the stream
that never gets through would hold up its shard.
"""

# Invariant: it leaves nothing behind, and is refused wherever a command of the protocol would be.
CHECK_SCRIPT: Final = """
redis.call('PING')
redis.call('TIME')
redis.call('SET', KEYS[1], '', 'PX', 1000)
redis.call('GETEX', KEYS[1])
return redis.call('DEL', KEYS[1])
"""


class RedisStore:
    """
    The commands that the cache protocol needs. Each may raise `CacheUnavailable`.

    Values are read with GETEX, a write command that changes nothing: a server that refuses writes
    (a demoted primary, too few replicas, a failed snapshot) has missed fences, so it must not
    answer reads either.
    """

    def __init__(self, client: redis.Redis, *, asking: bool = False) -> None:
        """With `asking`, commands are for keys of a slot that is moving to the server."""
        self._client = client
        self._asking = asking
        self._breaker = CircuitBreaker()

    def get(self, key: str) -> bytes | None:
        """Return the value. While the circuit is open, raise `CacheUnavailable` at once."""
        return self.get_many([key])[0]

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """Set `key` unless it exists. Return whether it was set."""
        return self.add_many({key: value}, ttl_ms)[0]

    def run(self, script: str, key: str, *args: bytes | str | int) -> int:
        """Run a script on one key. By EVAL: one round trip, also just after a failover."""
        return self.run_many(script, [(key, *args)])[0]

    def batches(self, keys: Sequence[str]) -> Sequence[Sequence[Sequence[str]]]:
        """Return, for the one server, the keys in groups of a round trip each."""
        return [batches_of(keys)]

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """As `get`, in one round trip. A key of another type gives an unreadable value, b""."""
        if not self._breaker.allows():
            raise CacheUnavailable("circuit open")
        answers = self._ask([("GETEX", key) for key in keys], accepted=_WRONG_TYPE)
        return [b"" if isinstance(answer, ResponseError) else answer for answer in answers]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """As `add`, in one round trip."""
        commands = [("SET", key, value, "NX", "PX", ttl_ms) for key, value in values.items()]
        return [bool(answer) for answer in self._ask(commands)]

    def run_many(self, script: str, calls: Sequence[Command]) -> Sequence[int]:
        """As `run`, in one round trip."""
        return self._ask([("EVAL", script, 1, *call) for call in calls])

    def check(self, key: str) -> None:
        """Raise `CacheUnavailable` unless every command of the protocol is allowed, on `key`."""
        self.run(CHECK_SCRIPT, key)

    def slots(self) -> Any:
        """Return which nodes of the cluster have which keys."""
        return self._ask([("CLUSTER", "SLOTS")])[0]

    def _ask(self, commands: Sequence[Command], accepted: str | None = None) -> list[Any]:
        """
        Return an answer for each command. A refusal fails them all, unless it is `accepted`.

        A late answer to many commands may be the network's: one PING decides what the circuit
        breaker learns. A server that answers it is healthy.
        """
        if not commands:
            return []
        try:
            answers = self._send(commands)
            for answer in answers:
                if isinstance(answer, ResponseError) and _code(answer) != accepted:
                    raise answer
        except _FAILURES as error:
            if isinstance(error, redis.TimeoutError) and len(commands) > 1:
                self._ask([_PING])
                raise CacheUnavailable("late answer to many commands") from error
            self._fail(error)
        if self._breaker.succeeded():
            telemetry.info("cache circuit closed")
        return answers

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        """Return an answer for each command, a `ResponseError` where it was refused."""
        started = time.perf_counter()
        try:
            if len(commands) == 1 and not self._asking:
                return [self._client.execute_command(*commands[0])]
            return self._pipeline(commands)
        except ResponseError as error:
            return [error]
        finally:
            telemetry.spent("cache", time.perf_counter() - started)

    def _pipeline(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            if self._asking:
                pipeline.execute_command("ASKING")
            pipeline.execute_command(*command)
        answers = pipeline.execute(raise_on_error=False)
        return answers[1::2] if self._asking else answers

    def _fail(self, error: Exception) -> NoReturn:
        """Raise `CacheUnavailable` with the kind of the error. Its text may quote what was sent."""
        code = _code(error)
        kind = code or type(error).__name__
        if not isinstance(error, AskError):  # MOVED is one
            if self._breaker.failed():
                telemetry.warning("cache circuit opened", reason=kind)
                telemetry.count("BreakerOpened")
            if code and not isinstance(error, OutOfMemoryError):
                # The primary's name may lead elsewhere by now: a kept connection would not notice.
                self._client.connection_pool.disconnect(inuse_connections=False)
        raise CacheUnavailable(
            f"Refused: {kind}" if code else f"Redis did not answer: {kind}"
        ) from error


def batches_of(keys: Sequence[str]) -> list[Sequence[str]]:
    """Return the keys in groups of up to `AT_ONCE`."""
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]


def _code(error: Exception) -> str | None:
    """Return the code of a refusal, such as READONLY. Other failures have none."""
    if isinstance(error, redis.RedisError) and error.status_code:
        return error.status_code
    return str(error).partition(" ")[0] if isinstance(error, ResponseError) else None
