"""
Feeds the tables' streams to the stream Lambda, as Lambda would: `python -m dev.stack.stream`.

`chalice local` runs no event handlers. In order, in batches of up to 100, and a batch that raises
again and again: nothing is lost or skipped. Knows streams, and nothing of caches.
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
    One shard of a stream, read from its oldest record on.

    Reading anew what was dealt with before a restart does no harm: a deletion more.
    """

    def __init__(self, client: Any, stream_arn: str, shard_id: str) -> None:
        self._client = client
        self._names = {"StreamArn": stream_arn, "ShardId": shard_id}
        self._position: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        self._iterator: str | None = None
        self.is_done = False

    def read(self) -> list[Record]:
        """Return the next batch, of no record where there is none yet."""
        if self._iterator is None:
            self._iterator = self._new_iterator()
        answer = self._client.get_records(ShardIterator=self._iterator, Limit=BATCH)
        self._iterator = answer.get("NextShardIterator")
        self.is_done = self._iterator is None
        return list(answer["Records"])

    def delivered(self, records: Sequence[Record]) -> None:
        """Remember that all is dealt with up to the last of `records`."""
        number = records[-1]["dynamodb"]["SequenceNumber"]
        self._position = {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            "SequenceNumber": number,
        }

    def rewind(self) -> None:
        """Go on from what was dealt with last: an iterator lives for 15 minutes only."""
        self._iterator = None

    def _new_iterator(self) -> str:
        answer = self._client.get_shard_iterator(**self._names, **self._position)
        iterator: str = answer["ShardIterator"]
        return iterator


class Feed:
    """
    A table's stream and the function that its records are for.

    `find_stream` returns the ARN of the stream that the table has now: a restarted emulator has
    lost the table, and the one created again has another stream.
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
        """Never return."""
        with _quiet():
            self.catch_up()
        while True:
            self.catch_up()
            self._sleep(POLL_SECONDS)

    def catch_up(self) -> None:
        """Deliver until nothing is left. A stream that does not answer is asked again."""
        try:
            self._follow(self._find_stream())
            while self.poll():
                pass
        except (BotoCoreError, ClientError) as error:
            _log.warning("the stream does not answer: %s", type(error).__name__)
            self._sleep(RETRY_SECONDS)
        except StartFailed as failure:
            _log.warning("%s", failure)
            self._sleep(RETRY_SECONDS)

    def poll(self) -> int:
        """Deliver what each shard has, one batch each; return how many records that were."""
        return sum(self._pass_on(shard) for shard in self._open_shards())

    def _follow(self, stream_arn: str) -> None:
        """Start at the oldest record of a stream that is not the one followed so far."""
        if stream_arn != self._stream_arn:
            self._stream_arn = stream_arn
            self._shards = {}

    def _open_shards(self) -> list[Shard]:
        """Return the shards to read now: one whose parent has records left has to wait."""
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

    def _pass_on(self, shard: Shard) -> int:
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
        batch = [_as_lambda_has_it(record, self._stream_arn) for record in records]
        while not self._succeeds(batch):
            self._sleep(RETRY_SECONDS)

    def _succeeds(self, records: list[Record]) -> bool:
        try:
            self._function({"Records": records}, LambdaContext("invalidate", 512))
        except CacheUnavailable:
            return False  # which the function has logged
        except Exception:  # noqa: BLE001 — whatever it is, Lambda delivers the batch again
            _log.exception("the stream function failed")
            return False
        return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Tell only warnings: the samples, say, are no news to whoever has just started the stack."""
    level = _log.level
    _log.setLevel(logging.WARNING)
    yield
    _log.setLevel(level)


def _as_lambda_has_it(record: Record, stream_arn: str) -> Record:
    change = dict(record["dynamodb"])
    if "ApproximateCreationDateTime" in change:
        change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": change, "eventSourceARN": stream_arn}


def main() -> str | None:
    """Feed each table's stream to the function of `app.py`; return what stops the start."""
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
