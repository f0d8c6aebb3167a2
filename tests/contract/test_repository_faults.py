"""When DynamoDB fails: what passes unseen, what is told, and whether the write may be made."""

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
    "out of reach": faults.UNREACHABLE,
    "no connection in time": faults.NO_CONNECTION_IN_TIME,
    "not trusted": faults.NOT_TRUSTED,
}
NOT_SENT = ["throttled", "out of reach", "no connection in time"]
MAYBE_SENT = ["broken", "timed out", "cut"]


SHORT = [
    (name, fault)
    for name in [*READS, *WRITES]
    for fault in PASSING
    if name != "put_all" or fault in NOT_SENT  # a batch that may be stored is not sent again
]


@pytest.mark.parametrize(("name", "fault"), SHORT)
def test_a_short_failure_passes_unseen(moto_table: RecordingTable, name: str, fault: str) -> None:
    """Two tries that fail are followed by one that succeeds, and nobody is told."""
    examples.repository(moto_table.client).add(SOME_ID, a_draft())
    client = FlakyDynamoDB(moto_table.client, PASSING[fault], PASSING[fault])

    {**READS, **WRITES}[name](examples.repository(client))

    assert 3 == len(client.requests)


@pytest.mark.parametrize("fault", [*NOT_SENT, *MAYBE_SENT])
def test_a_read_that_keeps_failing_is_unavailable(fault: str) -> None:
    """Whatever the failure, a read has written nothing: try again later."""
    with pytest.raises(StoreUnavailable) as caught:
        examples.repository(FailingDynamoDB(PASSING[fault])).get(SOME_ID)

    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("fault", NOT_SENT)
def test_a_write_that_never_arrived_is_unavailable(fault: str) -> None:
    """No try was carried out, so nothing was written, and the caller may know."""
    with pytest.raises(StoreUnavailable) as caught:
        examples.repository(FailingDynamoDB(PASSING[fault])).remove(SOME_ID)

    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("fault", MAYBE_SENT)
def test_a_write_without_an_answer_has_an_unknown_outcome(fault: str) -> None:
    """A try may have been carried out: the fence must stand."""
    with pytest.raises(OutcomeUnknown):
        examples.repository(FailingDynamoDB(PASSING[fault])).remove(SOME_ID)


def test_one_lost_answer_makes_the_outcome_unknown_for_good(moto_table: RecordingTable) -> None:
    """Later tries that were throttled do not tell what became of the first one."""
    client = FlakyDynamoDB(moto_table.client, faults.TIMED_OUT, *[faults.THROTTLED] * 100)

    with pytest.raises(OutcomeUnknown):
        examples.repository(client).remove(SOME_ID)


@pytest.mark.parametrize("fault", [*PASSING, "forbidden"])
def test_ping_tells_of_every_failure_at_once(fault: str) -> None:
    """A health check waits for no second try."""
    client = FailingDynamoDB({**PASSING, "forbidden": faults.FORBIDDEN}[fault])

    with pytest.raises(StoreUnavailable):
        examples.repository(client).ping()

    assert 1 == len(client.requests)


def test_ping_tells_of_a_missing_table(moto_table: RecordingTable) -> None:
    """A table that is not there does not answer."""
    with pytest.raises(StoreUnavailable):
        examples.repository(moto_table.client, "another-table").ping()


def test_what_a_batch_left_over_is_returned(moto_table: RecordingTable) -> None:
    """Of a batch that DynamoDB took in part, the rest comes back, equal."""
    repository = examples.repository(PartialBatchDynamoDB(moto_table.client))
    batch = [repository.new(each, a_draft()) for each in (SOME_ID, OTHER_ID)]

    left = repository.put_all(batch)

    assert batch[1:] == list(left)
    assert batch[:1] == list(examples.repository(moto_table.client).all())


def test_what_a_batch_did_not_read_is_asked_for_again(moto_table: RecordingTable) -> None:
    """Of a batch that DynamoDB answered in part, the rest is read by further calls."""
    repository = examples.repository(moto_table.client)
    added = {each: repository.add(each, a_draft()) for each in (SOME_ID, OTHER_ID)}
    client = PartialBatchDynamoDB(moto_table.client)

    assert added == examples.repository(client).get_many([SOME_ID, OTHER_ID])
    assert 2 == len(client.requests)


def test_a_batch_that_is_never_read_is_unavailable(moto_table: RecordingTable) -> None:
    """A part of the answer is not passed off as the whole."""
    repository = examples.repository(PartialBatchDynamoDB(moto_table.client, at_once=0))

    with pytest.raises(StoreUnavailable):
        repository.get_many([SOME_ID])
