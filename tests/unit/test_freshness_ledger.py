"""The checker against histories written by hand: what is stale, and what only looks like it."""

import pytest

from dev.faults.ledger import History, Kind, Write

OLD, NEW, NEWEST = 100, 101, 900


@pytest.fixture
def history() -> History:
    """One product, made between 0 and 1 at its first version."""
    history = History()
    _acknowledged(history, Kind.CREATE, 0, 1, OLD)
    return history


def _acknowledged(
    history: History, kind: Kind, started: float, ended: float, version: int | None = None
) -> Write:
    write = history.begin(kind, started)
    write.acknowledge(ended, version)
    return write


def test_the_newest_state_is_fresh(history: History) -> None:
    """A read that returns the last acknowledged version missed nothing."""
    _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [] == history.missed(NEW, started=4, ended=5)


def test_an_older_state_is_stale(history: History) -> None:
    """A read begun after the acknowledgement that returns the version before it is stale."""
    update = _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [update] == history.missed(OLD, started=4, ended=5)


def test_every_missed_write_is_told(history: History) -> None:
    """A read that is two versions behind missed both."""
    updates = [_acknowledged(history, Kind.UPDATE, n, n + 0.5, OLD + n) for n in (2, 3)]

    assert updates == history.missed(OLD, started=4, ended=5)


def test_a_write_under_way_may_be_unseen(history: History) -> None:
    """A read that began before the acknowledgement may return the older version."""
    _acknowledged(history, Kind.UPDATE, 2, 4, NEW)

    assert [] == history.missed(OLD, started=3, ended=5)


def test_a_write_under_way_may_be_seen(history: History) -> None:
    """A version that nobody has acknowledged yet may be returned."""
    history.begin(Kind.UPDATE, 2)

    assert [] == history.missed(NEW, started=3, ended=4)


def test_a_write_of_unknown_outcome_may_be_unseen_for_ever(history: History) -> None:
    """What ended in 503 is no state that a read has to return."""
    history.begin(Kind.UPDATE, 2)

    assert [] == history.missed(OLD, started=1000, ended=1001)


def test_an_unknown_write_hides_no_acknowledged_one(history: History) -> None:
    """A read that misses an acknowledged write is stale, whatever else was under way."""
    history.begin(Kind.UPDATE, 2)
    update = _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [update] == history.missed(OLD, started=4, ended=5)


def test_acknowledgements_out_of_order_do_not_confuse(history: History) -> None:
    """The version tells the order of writes, not the order in which their answers came."""
    _acknowledged(history, Kind.UPDATE, 2, 9, NEW)
    newest = _acknowledged(history, Kind.UPDATE, 2, 3, NEWEST)

    assert [] == history.missed(NEWEST, started=10, ended=11)
    assert newest in history.missed(NEW, started=10, ended=11)


def test_none_after_a_deletion_is_fresh(history: History) -> None:
    """404 is right once the deletion is acknowledged."""
    _acknowledged(history, Kind.DELETE, 2, 3)

    assert [] == history.missed(None, started=4, ended=5)


def test_a_product_after_its_deletion_is_stale(history: History) -> None:
    """200 is wrong once the deletion is acknowledged, and nothing was written since."""
    deletion = _acknowledged(history, Kind.DELETE, 2, 3)

    assert [deletion] == history.missed(OLD, started=4, ended=5)


def test_a_product_may_be_there_while_its_deletion_is_under_way(history: History) -> None:
    """Before the 204, both 200 and 404 are right."""
    history.begin(Kind.DELETE, 2)

    assert [] == history.missed(OLD, started=3, ended=4)
    assert [] == history.missed(None, started=3, ended=4)


def test_none_for_a_product_that_nobody_deleted_is_stale(history: History) -> None:
    """404 after an acknowledged creation misses it: a negative entry left over."""
    assert 1 == len(history.missed(None, started=4, ended=5))


def test_none_before_the_creation_is_acknowledged_is_fresh() -> None:
    """404 is right for a product that is only being made."""
    history = History()
    _acknowledged(history, Kind.CREATE, 0, 5, OLD)

    assert [] == history.missed(None, started=1, ended=2)


def test_a_deletion_of_unknown_outcome_allows_both(history: History) -> None:
    """After a DELETE that ended in 503, both 200 and 404 are right, however late."""
    history.begin(Kind.DELETE, 2)

    assert [] == history.missed(None, started=1000, ended=1001)
    assert [] == history.missed(OLD, started=1000, ended=1001)


def test_a_deletion_that_begins_after_the_read_explains_nothing(history: History) -> None:
    """404 is not made right by a deletion sent only when the read had returned."""
    _acknowledged(history, Kind.DELETE, 6, 7)

    assert 1 == len(history.missed(None, started=4, ended=5))


def test_a_refused_deletion_explains_nothing(history: History) -> None:
    """404 is stale where the only deletion was answered 412."""
    history.refuse(history.begin(Kind.DELETE, 2))

    assert 1 == len(history.missed(None, started=4, ended=5))


def test_a_product_made_again_is_fresh(history: History) -> None:
    """200 at a version of the second life is right after the deletion of the first."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert [] == history.missed(NEWEST, started=6, ended=7)


def test_a_former_life_is_stale(history: History) -> None:
    """A version from before the deletion misses the deletion and the second creation."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert 2 == len(history.missed(OLD, started=6, ended=7))


def test_none_after_being_made_again_is_stale(history: History) -> None:
    """404 misses a second creation that began after the deletion had ended."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    again = _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert [again] == history.missed(None, started=6, ended=7)


def test_a_creation_of_unknown_outcome_allows_a_second_life(history: History) -> None:
    """A creation that ended in 503 explains a product after its deletion."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    history.begin(Kind.CREATE, 4)

    assert [] == history.missed(NEWEST, started=6, ended=7)


def test_the_latest_version_is_the_highest_acknowledged(history: History) -> None:
    """A deletion and a write under way have no version to tell."""
    _acknowledged(history, Kind.UPDATE, 2, 3, NEW)
    _acknowledged(history, Kind.DELETE, 4, 5)
    history.begin(Kind.UPDATE, 6)

    assert NEW == history.latest()
