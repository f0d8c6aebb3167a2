"""
Sends the tables' streams to the stream Lambda, as Lambda does: `python -m dev.stack.stream`.

`chalice local` runs no event handlers. Records are delivered in order, in batches of up to 100. A
batch that raises is retried until it succeeds, so no record is lost or skipped. Knows no cache.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from chalice.local import LambdaContext

from chalicelib.errors import CacheUnavailable
from chalicelib.resources import RESOURCES
from dev.stack.programs import StartFailed
from dev.stack.table import client
from dev.stack.table_stream import TableStream

BATCH: Final = 100
POLL_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 0.5

_log: Final = logging.getLogger("catalog")

Record = dict[str, Any]
Function = Callable[[dict[str, Any], Any], Any]


class Shard:
    """
    One shard of a stream, read from its oldest record.

    After a restart old records are read again, which only deletes some entries again.
    """

    def __init__(self, client: Any, stream_arn: str, shard_id: str) -> None:
        self._client = client
        self._names = {"StreamArn": stream_arn, "ShardId": shard_id}
        self._position: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        self._iterator: str | None = None
        self.is_done = False

    def read(self) -> list[Record]:
        """Return the next batch, empty if there are no new records."""
        if self._iterator is None:
            self._iterator = self._new_iterator()
        answer = self._client.get_records(ShardIterator=self._iterator, Limit=BATCH)
        self._iterator = answer.get("NextShardIterator")
        self.is_done = self._iterator is None
        return list(answer["Records"])

    def delivered(self, records: Sequence[Record]) -> None:
        """Record that `records` were delivered."""
        number = records[-1]["dynamodb"]["SequenceNumber"]
        self._position = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "SequenceNumber": number,
        }

    def rewind(self) -> None:
        """Continue after the last delivered record: an iterator expires after 15 minutes."""
        self._iterator = None

    def _new_iterator(self) -> str:
        answer = self._client.get_shard_iterator(**self._names, **self._position)
        iterator: str = answer["ShardIterator"]
        return iterator


class Feed:
    """
    Delivers the records of a table's stream to a function.

    `find_stream` returns the ARN of the table's current stream. It changes when a restarted
    emulator has lost the table and the table is created again.
    """

    def __init__(
        self,
        client: Any,
        find_stream: Callable[[], str],
        function: Function,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._find_stream = find_stream
        self._stream_arn = ""
        self._function = function
        self._sleep = sleep
        self._shards: dict[str, Shard] = {}

    def run(self) -> None:
        """Deliver records forever."""
        with _quiet():
            self.catch_up()
        while True:
            self.catch_up()
            self._sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Deliver all records. Return after a pause if the stream does not answer."""
        try:
            self._follow(self._find_stream())
            while self.poll():
                pass
        except (BotoCoreError, ClientError) as error:
            _log.warning("stream unavailable: %s", type(error).__name__)
            self._sleep(RETRY_SECONDS)
        except StartFailed as failure:
            _log.warning("%s", failure)
            self._sleep(RETRY_SECONDS)

    def poll(self) -> int:
        """Deliver one batch from each shard; return the number of records."""
        return sum(self._deliver_next(shard) for shard in self._open_shards())

    def _follow(self, stream_arn: str) -> None:
        """Start at the oldest record if the stream has changed."""
        if stream_arn != self._stream_arn:
            self._stream_arn = stream_arn
            self._shards = {}

    def _open_shards(self) -> list[Shard]:
        """Return the shards to read: a shard waits until its parent has no records left."""
        listed = list(self._described())
        for each in listed:
            shard_id = each["ShardId"]
            new = Shard(self._client, self._stream_arn, shard_id)
            self._shards.setdefault(shard_id, new)
        waiting = {each["ShardId"] for each in listed if self._has_open_parent(each)}
        return [
            shard
            for shard_id, shard in self._shards.items()
            if not shard.is_done and shard_id not in waiting
        ]

    def _described(self) -> Iterator[dict[str, Any]]:
        start: dict[str, str] = {}
        while True:
            answer = self._client.describe_stream(StreamArn=self._stream_arn, **start)
            description = answer["StreamDescription"]
            yield from description["Shards"]
            if "LastEvaluatedShardId" not in description:
                return
            start = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}

    def _has_open_parent(self, described: Mapping[str, Any]) -> bool:
        parent = self._shards.get(described.get("ParentShardId", ""))
        return parent is not None and not parent.is_done

    def _deliver_next(self, shard: Shard) -> int:
        try:
            records = shard.read()
        except (BotoCoreError, ClientError):
            shard.rewind()
            raise
        if records:
            self._deliver(records)
            shard.delivered(records)
        return len(records)

    def _deliver(self, records: Sequence[Record]) -> None:
        batch = [_as_lambda_record(record, self._stream_arn) for record in records]
        while not self._succeeds(batch):
            self._sleep(RETRY_SECONDS)

    def _succeeds(self, records: list[Record]) -> bool:
        try:
            self._function({"Records": records}, LambdaContext("invalidate", 512))
        except CacheUnavailable:
            return False  # the function has logged it
        except Exception:  # noqa: BLE001 — Lambda retries after any error
            _log.exception("stream function failed")
            return False
        return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Log only warnings at the start: the samples' records are of no interest."""
    level = _log.level
    _log.setLevel(logging.WARNING)
    yield
    _log.setLevel(level)


def _as_lambda_record(record: Record, stream_arn: str) -> Record:
    change = dict(record["dynamodb"])
    if "ApproximateCreationDateTime" in change:
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": stream_arn}


def main() -> str | None:
    """Deliver each table's stream to the function of `app.py`; return an error or `None`."""
    from app import invalidate, settings

    streams = [TableStream(settings, resource) for resource in RESOURCES]
    try:
        for stream in streams:
            stream.find()
    except StartFailed as failure:
        return str(failure)
    first, *others = [
        Feed(client("dynamodbstreams", settings), stream.find, invalidate) for stream in streams
    ]
    for feed in others:
        threading.Thread(target=feed.run, daemon=True).start()
    first.run()
    return None


if __name__ == "__main__":
    sys.exit(main())
