"""Clients that record Redis commands and DynamoDB calls without changing them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fakeredis
import redis


class _Recording:
    """
    A redis-py client that records its commands.

    Commands that a script runs inside Redis are not sent, so they are not recorded.
    """

    _sent: list[str] | None = None
    round_trips = 0

    def record(self, command: str) -> None:
        """Add a command to the list of the current block."""
        if self._sent is not None:
            self._sent.append(command)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Record a command and execute it."""
        self.record(str(args[0]))
        self.round_trips += 1
        return super().execute_command(*args, **options)  # type: ignore[misc]

    def pipeline(self, *args: Any, **options: Any) -> Any:
        """Count one round trip, and record the pipeline's commands."""
        self.round_trips += 1
        pipeline = super().pipeline(*args, **options)  # type: ignore[misc]
        execute_command = pipeline.execute_command

        def recorded(*args: Any, **options: Any) -> Any:
            self.record(str(args[0]))
            return execute_command(*args, **options)

        pipeline.execute_command = recorded
        return pipeline

    @contextmanager
    def commands(self) -> Iterator[list[str]]:
        """Yield a list to which every command of the block is added."""
        self._sent = sent = []
        try:
            yield sent
        finally:
            self._sent = None


class RecordingRedis(_Recording, redis.Redis):
    """A client of a real server."""


class RecordingFakeRedis(_Recording, fakeredis.FakeRedis):
    """A client of fakeredis."""


Recorder = RecordingRedis | RecordingFakeRedis


class RecordingTable:
    """A table, its client, and the calls made with that client."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """Yield a list to which every call of the block is added. A retried call counts once."""
        made: list[str] = []

        def record(model: Any, **_: Any) -> None:
            made.append(model.name)

        self.client.meta.events.register("before-call.dynamodb", record)
        try:
            yield made
        finally:
            self.client.meta.events.unregister("before-call.dynamodb", record)
