"""The local stream feed delivers like Lambda: in order, without losing or skipping records."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.errors import CacheUnavailable
from dev.stack.programs import StartFailed
from dev.stack.stream import Feed

ARN = "arn:aws:dynamodb:eu-central-1:000000000000:table/products/stream/now"


class FakeStreams:
    """Streams of shards. An iterator is `<shard>:<place>`."""

    def __init__(self, **shards: list[str]) -> None:
        self.arn = ARN
        self.shards = shards
        self.parents: dict[str, str] = {}
        self.closed: set[str] = set()
        self.expired: set[str] = set()

    def describe_stream(self, **parameters: str) -> dict[str, Any]:
        if parameters["StreamArn"] != self.arn:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeStream")
        listed = [
            {"ShardId": shard} | ({"ParentShardId": parent} if parent else {})
            for shard, parent in ((each, self.parents.get(each)) for each in self.shards)
        ]
        return {"StreamDescription": {"Shards": listed}}

    def get_shard_iterator(self, **parameters: str) -> dict[str, str]:
        numbers = self.shards[parameters["ShardId"]]
        after = parameters.get("SequenceNumber")
        place = 0 if after is None else numbers.index(after) + 1
        return {"ShardIterator": f"{parameters['ShardId']}:{place}"}

    def get_records(self, **parameters: Any) -> dict[str, Any]:
        if parameters["ShardIterator"] in self.expired:
            raise ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")
        shard, place = parameters["ShardIterator"].split(":")
        numbers = self.shards[shard][int(place) :][: parameters["Limit"]]
        end = int(place) + len(numbers)
        ended = shard in self.closed and end == len(self.shards[shard])
        following = {} if ended else {"NextShardIterator": f"{shard}:{end}"}
        return {"Records": [_record(number) for number in numbers]} | following


class FailingFunction:
    """Records batches. Raises a number of times for given sequence numbers."""

    def __init__(self, error: Exception | None = None, **failures: int) -> None:
        self._error = error or CacheUnavailable("Redis did not answer")
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self._failures = failures

    def __call__(self, event: dict[str, Any], _context: Any) -> None:
        self.events.append(event)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        self.batches.append(numbers)
        for number in numbers:
            if self._failures.get(number, 0):
                self._failures[number] -= 1
                raise self._error


def _record(number: str) -> dict[str, Any]:
    change = {
        "SequenceNumber": number,
        "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return {"eventID": number, "dynamodb": change}


def _feed(streams: FakeStreams, function: FailingFunction) -> Feed:
    return Feed(streams, lambda: streams.arn, function, sleep=lambda _: None)


def test_records_are_delivered_in_order_and_once() -> None:
    """Later records follow."""
    streams, function = FakeStreams(s=["a", "b"]), FailingFunction()
    feed = _feed(streams, function)

    feed.catch_up()
    streams.shards["s"].append("c")
    feed.catch_up()

    assert [["a", "b"], ["c"]] == function.batches


@pytest.mark.parametrize("error", [CacheUnavailable("Redis did not answer"), RuntimeError()])
def test_a_failed_batch_is_retried(error: Exception) -> None:
    """As often as needed. Later records wait, as in Lambda."""
    function = FailingFunction(error, b=2)

    _feed(FakeStreams(s=["a", "b", "c"]), function).catch_up()

    assert [["a", "b", "c"]] * 3 == function.batches


def test_a_batch_has_at_most_100_records() -> None:
    """The next batch has the rest."""
    function = FailingFunction()

    _feed(FakeStreams(s=[f"{n:03}" for n in range(150)]), function).catch_up()

    assert [100, 50] == [len(batch) for batch in function.batches]


def test_an_expired_iterator_is_replaced() -> None:
    """The new one continues after the last delivered record."""
    streams, function = FakeStreams(s=["a"]), FailingFunction()
    feed = _feed(streams, function)
    feed.catch_up()
    streams.shards["s"].append("b")
    streams.expired = {"s:1"}

    feed.catch_up()
    streams.expired = set()
    feed.catch_up()

    assert [["a"], ["b"]] == function.batches


def test_a_child_shard_waits_for_its_parent() -> None:
    """A product's changes stay in order when its shard is split."""
    streams, function = FakeStreams(child=["c"], parent=["a"]), FailingFunction()
    streams.parents["child"] = "parent"
    feed = _feed(streams, function)

    feed.catch_up()
    assert [["a"]] == function.batches
    streams.closed.add("parent")
    feed.catch_up()
    feed.catch_up()

    assert [["a"], ["c"]] == function.batches


def test_a_record_has_the_form_of_lambda() -> None:
    """Times are numbers, and the record contains its stream's ARN."""
    function = FailingFunction()

    _feed(FakeStreams(s=["a"]), function).catch_up()

    record = function.events[0]["Records"][0]
    assert ARN == record["eventSourceARN"]
    assert (
        datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        == (record["dynamodb"]["ApproximateCreationDateTime"])
    )


def test_a_new_stream_of_the_table_is_read_from_its_oldest_record() -> None:
    """A restarted emulator has a new table with a new stream."""
    streams, function = FakeStreams(s=["a", "b"]), FailingFunction()
    feed = _feed(streams, function)
    feed.catch_up()

    streams.arn, streams.shards = f"{ARN}-again", {"s": ["a"]}
    feed.catch_up()

    assert [["a", "b"], ["a"]] == function.batches
    assert f"{ARN}-again" == function.events[-1]["Records"][0]["eventSourceARN"]


def test_a_missing_table_is_looked_up_again() -> None:
    """Neither a failed call nor a failed start ends the feed."""
    failures: list[Exception] = [
        StartFailed("The table could not be created"),
        EndpointConnectionError(endpoint_url="http://localstack:4566"),
    ]

    def find() -> str:
        if failures:
            raise failures.pop()
        return ARN

    function = FailingFunction()
    feed = Feed(FakeStreams(s=["a"]), find, function, sleep=lambda _: None)
    for _ in range(3):
        feed.catch_up()

    assert [["a"]] == function.batches
