"""Writes that took effect although their response was lost: a retry recognises its own write."""

import pytest

from chalicelib.dynamodb.attributes import attribute, key
from chalicelib.errors import AlreadyExists, NotFound, OutcomeUnknown
from chalicelib.products.repository import Repository
from chalicelib.resources.precondition import Precondition
from tests import examples
from tests.doubles import dynamodb as faults
from tests.doubles.dynamodb import FlakyDynamoDB, LostResponseDynamoDB
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID, a_draft


@pytest.fixture
def lossy_repository(table: RecordingTable) -> Repository:
    """Return a repository that loses the response to its first write."""
    return examples.repository(LostResponseDynamoDB(table.client), table.name)


def test_an_addition_is_recognised(lossy_repository: Repository, repository: Repository) -> None:
    """The product exists by the first attempt: added, not refused."""
    added = lossy_repository.add(SOME_ID, a_draft())

    assert added == repository.get(SOME_ID)


def test_an_addition_after_that_of_another_is_refused(
    table: RecordingTable, repository: Repository
) -> None:
    """The first attempt never arrived, and another client added the product."""
    other = repository.add(SOME_ID, a_draft())
    client = FlakyDynamoDB(table.client, faults.TIMED_OUT)

    with pytest.raises(AlreadyExists):
        examples.repository(client, table.name).add(SOME_ID, a_draft())

    assert other == repository.get(SOME_ID)


def test_an_update_after_that_of_another_has_an_unknown_outcome(
    table: RecordingTable, repository: Repository
) -> None:
    """It is unknown whether the first attempt came before the other client's write."""
    before = repository.add(SOME_ID, a_draft())
    other = repository.update(SOME_ID, {"name": "Other"})
    client = FlakyDynamoDB(table.client, faults.TIMED_OUT)

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).update(
            SOME_ID, {"name": "Own"}, Precondition([before.version])
        )

    assert other == repository.get(SOME_ID)


def test_an_unconditional_update_may_be_repeated(
    lossy_repository: Repository, repository: Repository
) -> None:
    """The same values are written twice; only the version rises by two."""
    before = repository.add(SOME_ID, a_draft())

    now = lossy_repository.update(SOME_ID, {"name": "Ball", "category": None})

    assert ("Ball", None) == (now.name, now.category)
    assert now.version > before.version
    assert now == repository.get(SOME_ID)


@pytest.mark.parametrize("kind", ["versions", "not_versions", "unmodified_since"])
def test_a_retry_is_recognised_with_any_precondition(
    lossy_repository: Repository, repository: Repository, kind: str
) -> None:
    """The first attempt made the precondition false: updated once, not refused."""
    before = repository.add(SOME_ID, a_draft())
    precondition = {
        "versions": Precondition([before.version]),
        "not_versions": Precondition(not_versions=[before.version - 1, before.version + 1]),
        "unmodified_since": Precondition(unmodified_since=before.updated_at.replace(microsecond=0)),
    }[kind]

    now = lossy_repository.update(SOME_ID, {"name": "Ball"}, precondition)

    assert ("Ball", before.version + 1) == (now.name, now.version)
    assert now == repository.get(SOME_ID)


def test_an_item_without_dates_is_written_by_a_retry(
    table: RecordingTable, repository: Repository
) -> None:
    """An item stored without the API has no `updated_at`."""
    item = key(SOME_ID) | {name: attribute(value) for name, value in a_draft().items()}
    table.client.put_item(TableName=table.name, Item=item)
    update, removal = (
        examples.repository(FlakyDynamoDB(table.client, faults.TIMED_OUT), table.name)
        for _ in range(2)
    )

    assert "Ball" == update.update(SOME_ID, {"name": "Ball"}).name

    table.client.put_item(TableName=table.name, Item=item)
    removal.remove(SOME_ID)
    assert repository.get(SOME_ID) is None


def test_a_retried_update_of_a_malformed_item_is_not_found(
    table: RecordingTable, lossy_repository: Repository
) -> None:
    """As an update without a lost response."""
    table.client.put_item(TableName=table.name, Item=key(SOME_ID))

    with pytest.raises(NotFound):
        lossy_repository.update(SOME_ID, {"name": "Ball"})


def test_a_removal_is_recognised(lossy_repository: Repository, repository: Repository) -> None:
    """The product is missing by the first attempt: removed, not `NotFound`."""
    version = repository.add(SOME_ID, a_draft()).version

    lossy_repository.remove(SOME_ID, Precondition([version]))

    assert repository.get(SOME_ID) is None


def test_a_removal_after_throttling_is_not_found(
    moto_table: RecordingTable,
) -> None:
    """A throttled attempt changes nothing."""
    client = FlakyDynamoDB(moto_table.client, faults.THROTTLED)

    with pytest.raises(NotFound):
        examples.repository(client).remove(SOME_ID)


def test_a_retried_update_keeps_a_later_write(
    table: RecordingTable, repository: Repository
) -> None:
    """Another client's write between the attempts stays."""
    repository.add(SOME_ID, a_draft())
    client = LostResponseDynamoDB(
        table.client, lambda: repository.update(SOME_ID, {"name": "Other"})
    )

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).update(SOME_ID, {"name": "Own"})

    now = repository.get(SOME_ID)
    assert now is not None
    assert "Other" == now.name


def test_a_batch_of_unknown_outcome_is_not_retried(
    table: RecordingTable, repository: Repository
) -> None:
    """It has no condition and would overwrite a later write."""
    product = repository.new(SOME_ID, a_draft())
    client = LostResponseDynamoDB(
        table.client, lambda: repository.update(SOME_ID, {"name": "Other"})
    )

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).put_all([product])

    now = repository.get(SOME_ID)
    assert now is not None
    assert ("Other", product.version + 1) == (now.name, now.version)


@pytest.mark.parametrize("conditional", [True, False])
def test_a_retried_removal_keeps_a_later_product(
    table: RecordingTable, repository: Repository, *, conditional: bool
) -> None:
    """Another client created it between the attempts."""
    version = repository.add(SOME_ID, a_draft()).version
    client = LostResponseDynamoDB(table.client, lambda: repository.add(SOME_ID, a_draft()))

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).remove(
            SOME_ID, Precondition([version] if conditional else None)
        )

    assert repository.get(SOME_ID) is not None
