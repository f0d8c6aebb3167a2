"""A queue for stream records that nobody can act on. Imported only where one is set."""

from __future__ import annotations

import json
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable
from chalicelib.invalidator import LoggedDeadLetters, Record


class Queue(Protocol):
    """The call made here, as botocore's SQS client offers it."""

    def send_message(self, **request: Any) -> Any: ...


class QueuedDeadLetters(LoggedDeadLetters):
    """Sends each record to a queue, so that an operator can look at it."""

    def __init__(self, queue: Queue, url: str) -> None:
        self._queue = queue
        self._url = url

    def send(self, record: Record, reason: str) -> None:
        """Raise `Unavailable` where the queue does not take it."""
        body = json.dumps({"reason": reason, "record": record}, default=str)
        try:
            self._queue.send_message(QueueUrl=self._url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the dead-letter queue does not answer") from error
        super().send(record, reason)
