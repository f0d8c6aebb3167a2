"""DynamoDB failures: which are retried, which are raised, and the outcome of a write."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import OutcomeUnknown, StoreUnavailable
from chalicelib.products.repository import Repository
from tests import examples
from tests.doubles import dynamodb as faults
from tests.doubles.dynamodb import FailingDynamoDB, FlakyDynamoDB, PartialBatchDynamoDB
from tests.doubles.recording import RecordingTable
from tests.examples import OTHER_ID, SOME_ID, a_draft

Call = Callable[[Repository], Any]

READS: dict[str, Call] = {
    "get": lambda repository: repository.get(SOME_ID),
    "get_many": lambda repository: repository.get_many([SOME_ID]),
    "scan": lambda repository: repository.scan(10),
    "all": lambda repository: list(repository.all()),
}
WRITES: dict[str, Call] = {
    "add": lambda repository: repository.add(OTHER_ID, a_draft()),
    "update": lambda repository: repository.update(SOME_ID, {"name": "Ball"}),
    "remove": lambda repository: repository.remove(SOME_ID),
    "put_all": lambda repository: repository.put_all([repository.new(OTHER_ID, a_draft())]),
}
PASSING = {
    "throttled": faults.THROTTLED,
    "broken": faults.BROKEN,
    "timed out": faults.TIMED_OUT,
    "cut": faults.CUT,
    "unreachable": faults.UNREACHABLE,
    "no connection in time": faults.NO_CONNECTION_IN_TIME,
    "not trusted": faults.NOT_TRUSTED,
}
NOT_SENT = ["throttled", "unreachable", "no connection in time"]
MAYBE_SENT = ["broken", "timed out", "cut"]


SHORT = [
    (name, fault)
    for name in [*READS, *WRITES]
    for fault in PASSING
    if name != "put_all" or fault in NOT_SENT  # a batch that may be stored is not sent again
]


@pytest.mark.parametrize(("name", "fault"), SHORT)
def test_a_short_failure_is_retried(moto_table: RecordingTable, name: str, fault: str) -> None:
    """Two failed attempts are followed by a successful one."""
    examples.repository(moto_table.client).add(SOME_ID, a_draft())
    client = FlakyDynamoDB(moto_table.client, PASSING[fault], PASSING[fault])

    {**READS, **WRITES}[name](examples.repository(client))

    assert 3 == len(client.requests)


@pytest.mark.parametrize("fault", [*PASSING, "forbidden"])
def test_ping_raises_every_failure_at_once(fault: str) -> None:
    """A health check does not retry."""
    client = FailingDynamoDB({**PASSING, "forbidden": faults.FORBIDDEN}[fault])

    with pytest.raises(StoreUnavailable):
        examples.repository(client).ping()

    assert 1 == len(client.requests)


def test_ping_raises_for_a_missing_table(moto_table: RecordingTable) -> None:
    with pytest.raises(StoreUnavailable):
        examples.repository(moto_table.client, "another-table").ping()


def test_put_all_returns_unprocessed_items(moto_table: RecordingTable) -> None:
    """The caller stores them again."""
    repository = examples.repository(PartialBatchDynamoDB(moto_table.client))
    batch = [repository.new(each, a_draft()) for each in (SOME_ID, OTHER_ID)]

    left = repository.put_all(batch)

    assert batch[1:] == list(left)
    assert batch[:1] == list(examples.repository(moto_table.client).all())


def test_get_many_retries_unprocessed_keys(moto_table: RecordingTable) -> None:
    repository = examples.repository(moto_table.client)
    added = {each: repository.add(each, a_draft()) for each in (SOME_ID, OTHER_ID)}
    client = PartialBatchDynamoDB(moto_table.client)

    assert added == examples.repository(client).get_many([SOME_ID, OTHER_ID])
    assert 2 == len(client.requests)


def test_get_many_never_returns_a_part(moto_table: RecordingTable) -> None:
    """Keys that stay unprocessed are an error."""
    repository = examples.repository(PartialBatchDynamoDB(moto_table.client, at_once=0))

    with pytest.raises(StoreUnavailable):
        repository.get_many([SOME_ID])


@pytest.mark.parametrize("fault", [*NOT_SENT, *MAYBE_SENT])
def test_a_lasting_failure_is_raised_by_its_outcome(fault: str) -> None:
    """A read writes nothing. A write that may have been sent may have taken effect."""
    repository = examples.repository(FailingDynamoDB(PASSING[fault]))
    with pytest.raises(StoreUnavailable) as read:
        repository.get(SOME_ID)
    with pytest.raises(StoreUnavailable) as write:
        repository.remove(SOME_ID)

    assert not isinstance(read.value, OutcomeUnknown)
    assert (fault in MAYBE_SENT) == isinstance(write.value, OutcomeUnknown)
