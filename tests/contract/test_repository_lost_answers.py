"""A write that took effect, though its answer was lost: the next try must know its own doing."""

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
def forgetful(table: RecordingTable) -> Repository:
    """Return a repository whose first write takes effect and is not answered."""
    return examples.repository(LostResponseDynamoDB(table.client), table.name)


def test_an_addition_is_recognised(forgetful: Repository, repository: Repository) -> None:
    """The product is there by our own first try: added, not refused."""
    added = forgetful.add(SOME_ID, a_draft())

    assert added == repository.get(SOME_ID)


def test_an_addition_after_another_s_is_refused(
    table: RecordingTable, repository: Repository
) -> None:
    """A try failed before it arrived, and somebody else was faster: that is not ours."""
    theirs = repository.add(SOME_ID, a_draft())
    client = FlakyDynamoDB(table.client, faults.TIMED_OUT)

    with pytest.raises(AlreadyExists):
        examples.repository(client, table.name).add(SOME_ID, a_draft())

    assert theirs == repository.get(SOME_ID)


def test_an_update_at_a_version_is_recognised(
    forgetful: Repository, repository: Repository
) -> None:
    """The version has moved on by our own first try: made once, and not refused."""
    was = repository.add(SOME_ID, a_draft())

    now = forgetful.update(SOME_ID, {"name": "Ball"}, Precondition([was.version]))

    assert ("Ball", was.version + 1) == (now.name, now.version)
    assert now == repository.get(SOME_ID)


def test_an_update_at_a_version_that_another_took_is_not_made(
    table: RecordingTable, repository: Repository
) -> None:
    """A try failed, and somebody else has written: whether ours came before, nobody can tell."""
    was = repository.add(SOME_ID, a_draft())
    theirs = repository.update(SOME_ID, {"name": "Theirs"})
    client = FlakyDynamoDB(table.client, faults.TIMED_OUT)

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).update(
            SOME_ID, {"name": "Ours"}, Precondition([was.version])
        )

    assert theirs == repository.get(SOME_ID)


def test_an_update_at_any_version_may_be_made_twice(
    forgetful: Repository, repository: Repository
) -> None:
    """The same values twice are the same values; only the version rises by two."""
    was = repository.add(SOME_ID, a_draft())

    now = forgetful.update(SOME_ID, {"name": "Ball", "category": None})

    assert ("Ball", None) == (now.name, now.category)
    assert now.version > was.version
    assert now == repository.get(SOME_ID)


@pytest.mark.parametrize("asked", ["versions", "not_versions", "unmodified_since"])
def test_a_repeat_is_recognised_whatever_the_precondition(
    forgetful: Repository, repository: Repository, asked: str
) -> None:
    """Our own first try made the precondition false: the update is made once, and not refused."""
    was = repository.add(SOME_ID, a_draft())
    precondition = {
        "versions": Precondition([was.version]),
        "not_versions": Precondition(not_versions=[was.version - 1, was.version + 1]),
        "unmodified_since": Precondition(unmodified_since=was.updated_at.replace(microsecond=0)),
    }[asked]

    now = forgetful.update(SOME_ID, {"name": "Ball"}, precondition)

    assert ("Ball", was.version + 1) == (now.name, now.version)
    assert now == repository.get(SOME_ID)


def test_an_item_without_history_can_be_written_after_a_lost_try(
    table: RecordingTable, repository: Repository
) -> None:
    """An item made past the API has no `updated_at`; a try that did not arrive is sent again."""
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


def test_a_repeated_update_of_a_malformed_item_finds_no_product(
    table: RecordingTable, forgetful: Repository
) -> None:
    """As an update whose answer arrives: the item has no price, so readers find no product."""
    table.client.put_item(TableName=table.name, Item=key(SOME_ID))

    with pytest.raises(NotFound):
        forgetful.update(SOME_ID, {"name": "Ball"})


def test_a_removal_is_recognised(forgetful: Repository, repository: Repository) -> None:
    """The product is gone by our own first try: removed, not missing."""
    version = repository.add(SOME_ID, a_draft()).version

    forgetful.remove(SOME_ID, Precondition([version]))

    assert repository.get(SOME_ID) is None


def test_a_removal_after_a_throttled_try_is_still_told_as_missing(
    moto_table: RecordingTable,
) -> None:
    """A throttled try did nothing, so a product that is not there never was."""
    client = FlakyDynamoDB(moto_table.client, faults.THROTTLED)

    with pytest.raises(NotFound):
        examples.repository(client).remove(SOME_ID)


def test_a_product_made_anew_meanwhile_is_not_removed(
    table: RecordingTable, repository: Repository
) -> None:
    """Between the lost answer and the next try somebody made the product anew: theirs stays."""
    version = repository.add(SOME_ID, a_draft()).version
    client = LostResponseDynamoDB(table.client, lambda: repository.add(SOME_ID, a_draft()))

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).remove(SOME_ID, Precondition([version]))

    assert repository.get(SOME_ID) is not None


def test_an_update_sent_again_spares_what_was_written_since(
    table: RecordingTable, repository: Repository
) -> None:
    """Between the lost answer and the next try somebody else wrote: theirs is not undone."""
    repository.add(SOME_ID, a_draft())
    client = LostResponseDynamoDB(
        table.client, lambda: repository.update(SOME_ID, {"name": "Theirs"})
    )

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).update(SOME_ID, {"name": "Ours"})

    now = repository.get(SOME_ID)
    assert now is not None
    assert "Theirs" == now.name


def test_a_removal_sent_again_spares_what_was_made_since(
    table: RecordingTable, repository: Repository
) -> None:
    """Also where it asked for no version."""
    repository.add(SOME_ID, a_draft())
    client = LostResponseDynamoDB(table.client, lambda: repository.add(SOME_ID, a_draft()))

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).remove(SOME_ID)

    assert repository.get(SOME_ID) is not None


def test_a_batch_that_may_be_stored_is_not_sent_again(
    table: RecordingTable, repository: Repository
) -> None:
    """It has no condition: sent again, it would undo what was written in between."""
    product = repository.new(SOME_ID, a_draft())
    client = LostResponseDynamoDB(
        table.client, lambda: repository.update(SOME_ID, {"name": "Theirs"})
    )

    with pytest.raises(OutcomeUnknown):
        examples.repository(client, table.name).put_all([product])

    now = repository.get(SOME_ID)
    assert now is not None
    assert ("Theirs", product.version + 1) == (now.name, now.version)
