"""Clients that note what they send: Redis commands and DynamoDB calls. They change nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import fakeredis
import redis

from chalicelib.redis_connection import Command, Refused


class _Recording:
    """
    A client of redis-py's that our store can ask, as it asks `redis_pool.Pool`, and that notes it.

    A command that a script runs inside Redis is not on the wire, so not noted.
    """

    _sent: list[str] | None = None

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """As `Pool.ask`."""
        pipeline: Any = self.pipeline(transaction=False)  # type: ignore[attr-defined]
        for command in commands:
            if self._sent is not None:
                self._sent.append(str(command[0]))
            pipeline.execute_command(*command)
        try:
            return [_as_sent(answer) for answer in pipeline.execute(raise_on_error=False)]
        except redis.TimeoutError as error:
            raise TimeoutError(*error.args) from error
        except redis.ConnectionError as error:
            raise ConnectionError(*error.args) from error

    def disconnect(self) -> None:
        """As `Pool.disconnect`."""
        self.connection_pool.disconnect(inuse_connections=False)  # type: ignore[attr-defined]

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


def _as_sent(answer: Any) -> Any:
    """Undo what redis-py makes of an answer."""
    if isinstance(answer, redis.ResponseError):
        return Refused(" ".join(filter(None, [answer.status_code, str(answer)])))
    return b"OK" if answer is True else answer


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
