"""A queue for stream records that nobody can act on. Imported only where one is set."""

from __future__ import annotations

import json
from typing import Any, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.config import Settings
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


def connect(settings: Settings) -> Any:
    """Return an SQS client that gives up after two tries of at most 3 s."""
    return botocore.session.get_session().create_client(
        "sqs",
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
    )
