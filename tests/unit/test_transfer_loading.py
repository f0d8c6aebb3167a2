"""The batches of an import: fences, attempts, and a report that is always correct."""

import signal
from collections.abc import Sequence
from contextlib import suppress

import pytest

from chalicelib.errors import OutcomeUnknown, ServiceError, StoreUnavailable
from chalicelib.products.model import Product
from dev.transfer import loading
from dev.transfer.entries import Entry, Reject
from dev.transfer.loading import Import, interruption_deferred
from tests.doubles.journal import Journal, PutResult, SleepClock
from tests.examples import a_draft


def entries(count: int) -> list[Entry]:
    """Return `count` valid products."""
    return [
        Entry(f"line {line}", f"{line:08}-0000-4000-8000-000000000000", a_draft())
        for line in range(1, count + 1)
    ]


def load(
    journal: Journal, rows: Sequence[Entry | Reject], clock: SleepClock | None = None
) -> Import:
    """Store the products; return the import, even if it stops."""
    clock = clock or SleepClock()
    load = Import(journal, journal, clock.sleep, clock)
    try:
        load.store(rows)
    except (ServiceError, KeyboardInterrupt) as error:
        load.stopped_by = type(error).__name__
    return load


def failing(error: BaseException) -> PutResult:
    """Return a result that raises `error`."""

    def fail(_: Sequence[Product]) -> Sequence[Product]:
        raise error

    return fail


def test_a_batch_is_written_behind_its_fences() -> None:
    """
    No reader can fill an old value.

    Versions are times in ms, so products are created after the fences.
    """
    journal = Journal()

    load(journal, entries(2))

    kinds = [event.split()[0] for event in journal.events]
    assert ["fence", "fence", "new", "new", "write", "release", "release"] == kinds


def test_products_are_stored_in_batches_of_25() -> None:
    """The limit of BatchWriteItem."""
    journal = Journal()

    done = load(journal, entries(60))

    assert ["write 25", "write 25", "write 10"] == journal.writes()
    assert "read 60, stored 60, rejected 0" == done.summary()
    assert done.is_clean
    assert 60 == len(journal.products.stored)


def test_unprocessed_items_are_stored_again_behind_the_same_fences() -> None:
    """Each attempt sends the rest after a longer pause. Then the fences are released."""
    clock = SleepClock()
    journal = Journal(lambda products: products[10:], lambda products: products[-1:])

    done = load(journal, entries(25), clock)

    assert ["write 25", "write 15", "write 1"] == journal.writes()
    assert "release" not in " ".join(journal.events[: journal.events.index("write 1")])
    initial, first, second = clock.slept
    assert 0 == initial < first < second
    assert done.is_clean


def test_attempts_are_limited_and_the_rest_is_listed() -> None:
    """Fences expire after 60 s, so no attempt may begin late."""
    clock = SleepClock()
    journal = Journal(*[lambda products: products[-2:]] * 99)

    done = load(journal, entries(30), clock)

    assert len(loading.PAUSES) == len(journal.writes())
    assert loading.PATIENCE_SECONDS > clock.seconds
    assert "StoreUnavailable" == done.stopped_by
    assert "Not stored: line 24, line 25" == list(done.problems())[-1]
    assert "read 25, stored 23, rejected 0, not stored 2" == done.summary()
    assert 25 == journal.count("release")


def test_slow_responses_count_like_pauses() -> None:
    """The deadline includes DynamoDB's time."""
    clock = SleepClock()

    def slow(products: Sequence[Product]) -> Sequence[Product]:
        clock.seconds += 11
        return products

    journal = Journal(*[slow] * 99)

    load(journal, entries(1), clock)

    assert 3 == len(journal.writes())


def test_a_throttled_batch_is_retried() -> None:
    """A throttled call stored nothing."""
    journal = Journal(failing(StoreUnavailable("DynamoDB throttles")))

    done = load(journal, entries(3))

    assert ["write 3", "write 3"] == journal.writes()
    assert done.is_clean


def test_an_unknown_outcome_keeps_the_fences_and_is_reported() -> None:
    """Only the last attempt is unknown. Earlier batches are stored, later lines are not read."""
    journal = Journal(lambda _: [], lambda batch: batch[20:], failing(OutcomeUnknown("silence")))

    done = load(journal, entries(99))

    assert "read 50, stored 45, rejected 0, outcome unknown 5" == done.summary()
    assert 25 == journal.count("left")
    assert not done.is_clean
    assert [
        "Stopped after line 50: OutcomeUnknown",
        "Outcome unknown: line 46, line 47, line 48, line 49, line 50",
    ] == list(done.problems())


def test_interrupted_import_reports_unknown_lines() -> None:
    """A second Ctrl-C during a DynamoDB call. Earlier batches are stored."""
    journal = Journal(lambda _: [], failing(KeyboardInterrupt()))

    done = load(journal, entries(26))

    assert "read 26, stored 25, rejected 0, outcome unknown 1" == done.summary()
    assert 25 == journal.count("release")


def test_an_interruption_waits_for_the_end_of_the_batch() -> None:
    """Ctrl-C during a batch: its products are stored and its fences released."""

    def interrupted(_: Sequence[Product]) -> Sequence[Product]:
        signal.raise_signal(signal.SIGINT)
        return []

    journal = Journal(interrupted)

    done = load(journal, entries(60))

    assert ["write 25"] == journal.writes()
    assert 25 == journal.count("release")
    assert ["Stopped after line 25: KeyboardInterrupt"] == list(done.problems())


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_deferred_interruption_restores_the_handlers(signum: signal.Signals) -> None:
    """It is raised at the end of the block."""
    before = signal.getsignal(signum)
    done = []

    with pytest.raises(KeyboardInterrupt), interruption_deferred():
        done.append(signal.raise_signal(signum))

    assert 1 == len(done)
    assert before == signal.getsignal(signum)


def test_a_second_interruption_is_not_deferred() -> None:
    """A second Ctrl-C stops at once."""
    done = []

    with suppress(KeyboardInterrupt), interruption_deferred():
        signal.raise_signal(signal.SIGINT)
        done.append("once")
        signal.raise_signal(signal.SIGINT)
        done.append("twice")

    assert ["once"] == done


def test_an_import_with_a_reject_is_not_clean() -> None:
    """Although all other products are stored."""
    done = load(Journal(), [*entries(1), Reject("line 2", "why")])

    assert "read 2, stored 1, rejected 1" == done.summary()
    assert not done.is_clean
    assert [] == list(done.problems())
