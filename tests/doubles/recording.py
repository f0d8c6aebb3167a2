"""Clients that note what they send: Redis commands and DynamoDB calls. They change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fakeredis
import redis


class _Recording:
    """
    A client of redis-py's that notes the commands that it sends.

    A command that a script runs inside Redis is not on the wire, so it is not noted.
    """

    _sent: list[str] | None = None
    round_trips = 0

    def note(self, command: str) -> None:
        """Add a command to the list of the current block."""
        if self._sent is not None:
            self._sent.append(command)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """As redis-py's."""
        self.note(str(args[0]))
        self.round_trips += 1
        return super().execute_command(*args, **options)  # type: ignore[misc]

    def pipeline(self, *args: Any, **options: Any) -> Any:
        """As redis-py's; it is executed once."""
        self.round_trips += 1
        pipeline = super().pipeline(*args, **options)  # type: ignore[misc]
        execute_command = pipeline.execute_command

        def noted(*args: Any, **options: Any) -> Any:
            self.note(str(args[0]))
            return execute_command(*args, **options)

        pipeline.execute_command = noted
        return pipeline

    @contextmanager
    def commands(self) -> Iterator[list[str]]:
        """Give a list to which every command of the block is added."""
        self._sent = sent = []
        try:
            yield sent
        finally:
            self._sent = None


class RecordingRedis(_Recording, redis.Redis):
    """A client of a real server."""


class RecordingFakeRedis(_Recording, fakeredis.FakeRedis):
    """A client of the fake."""


Recorder = RecordingRedis | RecordingFakeRedis


class Table:
    """A table, the client that reaches it, and the calls made through that client."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        self.name = name

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """Give a list to which every call of the block is added, a repeated one once."""
        made: list[str] = []

        def note(model: Any, **_: Any) -> None:
            made.append(model.name)

        self.client.meta.events.register("before-call.dynamodb", note)
        try:
            yield made
        finally:
            self.client.meta.events.unregister("before-call.dynamodb", note)
