"""The checker of stale reads with histories written by hand."""

import pytest

from dev.faults.ledger import History, Kind, Write

OLD, NEW, NEWEST = 100, 101, 900


@pytest.fixture
def history() -> History:
    """One product, created from 0 to 1 at its first version."""
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
    """A read of the last acknowledged version missed nothing."""
    _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [] == history.missed(NEW, started=4, ended=5)


def test_an_older_state_is_stale(history: History) -> None:
    """A read after the acknowledgement returns the version before it."""
    update = _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [update] == history.missed(OLD, started=4, ended=5)


def test_every_missed_write_is_returned(history: History) -> None:
    """A read that is two versions behind missed both."""
    updates = [_acknowledged(history, Kind.UPDATE, n, n + 0.5, OLD + n) for n in (2, 3)]

    assert updates == history.missed(OLD, started=4, ended=5)


def test_a_write_in_progress_may_be_missed(history: History) -> None:
    """A read that began before the acknowledgement may return the older version."""
    _acknowledged(history, Kind.UPDATE, 2, 4, NEW)

    assert [] == history.missed(OLD, started=3, ended=5)


def test_a_write_in_progress_may_be_returned(history: History) -> None:
    """A read may return a version without acknowledgement."""
    history.begin(Kind.UPDATE, 2)

    assert [] == history.missed(NEW, started=3, ended=4)


def test_a_write_of_unknown_outcome_may_always_be_missed(history: History) -> None:
    """A read need not return a write that ended with 503."""
    history.begin(Kind.UPDATE, 2)

    assert [] == history.missed(OLD, started=1000, ended=1001)


def test_an_unknown_write_hides_no_acknowledged_one(history: History) -> None:
    """A read that misses an acknowledged write is stale, with or without writes in progress."""
    history.begin(Kind.UPDATE, 2)
    update = _acknowledged(history, Kind.UPDATE, 2, 3, NEW)

    assert [update] == history.missed(OLD, started=4, ended=5)


def test_acknowledgements_may_be_out_of_order(history: History) -> None:
    """The version gives the order of writes, not the order of responses."""
    _acknowledged(history, Kind.UPDATE, 2, 9, NEW)
    newest = _acknowledged(history, Kind.UPDATE, 2, 3, NEWEST)

    assert [] == history.missed(NEWEST, started=10, ended=11)
    assert newest in history.missed(NEW, started=10, ended=11)


def test_none_after_a_deletion_is_fresh(history: History) -> None:
    """404 is right after an acknowledged deletion."""
    _acknowledged(history, Kind.DELETE, 2, 3)

    assert [] == history.missed(None, started=4, ended=5)


def test_a_product_after_its_deletion_is_stale(history: History) -> None:
    """200 is wrong after an acknowledged deletion without a later write."""
    deletion = _acknowledged(history, Kind.DELETE, 2, 3)

    assert [deletion] == history.missed(OLD, started=4, ended=5)


def test_a_deletion_in_progress_allows_200_and_404(history: History) -> None:
    """Before its 204."""
    history.begin(Kind.DELETE, 2)

    assert [] == history.missed(OLD, started=3, ended=4)
    assert [] == history.missed(None, started=3, ended=4)


def test_none_without_a_deletion_is_stale(history: History) -> None:
    """404 after an acknowledged creation: an old negative entry."""
    assert 1 == len(history.missed(None, started=4, ended=5))


def test_none_before_the_creation_is_acknowledged_is_fresh() -> None:
    """404 is right during the creation."""
    history = History()
    _acknowledged(history, Kind.CREATE, 0, 5, OLD)

    assert [] == history.missed(None, started=1, ended=2)


def test_a_deletion_of_unknown_outcome_allows_200_and_404(history: History) -> None:
    """At any later time."""
    history.begin(Kind.DELETE, 2)

    assert [] == history.missed(None, started=1000, ended=1001)
    assert [] == history.missed(OLD, started=1000, ended=1001)


def test_a_deletion_after_the_read_excuses_nothing(history: History) -> None:
    """It was sent after the read's response."""
    _acknowledged(history, Kind.DELETE, 6, 7)

    assert 1 == len(history.missed(None, started=4, ended=5))


def test_a_refused_deletion_excuses_nothing(history: History) -> None:
    """404 is stale if the only deletion was a 412."""
    history.refuse(history.begin(Kind.DELETE, 2))

    assert 1 == len(history.missed(None, started=4, ended=5))


def test_a_recreated_product_is_fresh(history: History) -> None:
    """200 at a version of the second creation."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert [] == history.missed(NEWEST, started=6, ended=7)


def test_a_version_from_before_the_deletion_is_stale(history: History) -> None:
    """It misses the deletion and the second creation."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert 2 == len(history.missed(OLD, started=6, ended=7))


def test_none_after_a_second_creation_is_stale(history: History) -> None:
    """The creation began after the deletion had ended."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    again = _acknowledged(history, Kind.CREATE, 4, 5, NEWEST)

    assert [again] == history.missed(None, started=6, ended=7)


def test_a_creation_of_unknown_outcome_allows_a_product(history: History) -> None:
    """A creation that ended with 503 explains a product after its deletion."""
    _acknowledged(history, Kind.DELETE, 2, 3)
    history.begin(Kind.CREATE, 4)

    assert [] == history.missed(NEWEST, started=6, ended=7)


def test_the_latest_version_is_the_highest_acknowledged(history: History) -> None:
    """Deletions and writes in progress have no version."""
    _acknowledged(history, Kind.UPDATE, 2, 3, NEW)
    _acknowledged(history, Kind.DELETE, 4, 5)
    history.begin(Kind.UPDATE, 6)

    assert NEW == history.latest()
