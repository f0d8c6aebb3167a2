"""The batches of an import: fences, tries, and a report that is correct whatever happens."""

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
    """Return that many valid products."""
    return [
        Entry(f"line {line}", f"{line:08}-0000-4000-8000-000000000000", a_draft())
        for line in range(1, count + 1)
    ]


def load(
    journal: Journal, rows: Sequence[Entry | Reject], clock: SleepClock | None = None
) -> Import:
    """Store the products, and return the import also where it stops."""
    clock = clock or SleepClock()
    load = Import(journal, journal, clock.sleep, clock)
    try:
        load.store(rows)
    except (ServiceError, KeyboardInterrupt) as error:
        load.stopped_by = type(error).__name__
    return load


def fails(error: BaseException) -> PutResult:
    """Return an answer that is none."""

    def answer(_: Sequence[Product]) -> Sequence[Product]:
        raise error

    return answer


def test_all_fences_stand_before_the_write_and_fall_after_it() -> None:
    """
    No reader can fill with what a batch is about to overwrite.

    Versions are the time in ms: made earlier they could be below one written meanwhile.
    """
    journal = Journal()

    load(journal, entries(2))

    kinds = [event.split()[0] for event in journal.events]
    assert ["fence", "fence", "new", "new", "write", "release", "release"] == kinds


def test_products_go_in_batches_of_25() -> None:
    """One BatchWriteItem takes no more."""
    journal = Journal()

    done = load(journal, entries(60))

    assert ["write 25", "write 25", "write 10"] == journal.writes()
    assert "read 60, stored 60, rejected 0" == done.summary()
    assert done.is_clean
    assert 60 == len(journal.products.stored)


def test_what_is_left_unprocessed_is_sent_again_behind_the_same_fences() -> None:
    """Each try sends what is left, after a longer pause, and only then the fences fall."""
    clock = SleepClock()
    journal = Journal(lambda products: products[10:], lambda products: products[-1:])

    done = load(journal, entries(25), clock)

    assert ["write 25", "write 15", "write 1"] == journal.writes()
    assert "release" not in " ".join(journal.events[: journal.events.index("write 1")])
    at_once, first, second = clock.slept
    assert 0 == at_once < first < second
    assert done.is_clean


def test_tries_are_bounded_and_the_rest_is_listed() -> None:
    """Fences expire after 60 s, so no try may begin late."""
    clock = SleepClock()
    journal = Journal(*[lambda products: products[-2:]] * 99)

    done = load(journal, entries(30), clock)

    assert len(loading.PAUSES) == len(journal.writes())
    assert loading.PATIENCE_SECONDS > clock.seconds
    assert "StoreUnavailable" == done.stopped_by
    assert "Not stored: line 24, line 25" == list(done.problems())[-1]
    assert "read 25, stored 23, rejected 0, not stored 2" == done.summary()
    assert 25 == journal.count("release")


def test_slow_responses_count_as_pauses_do() -> None:
    """The deadline includes the time that DynamoDB takes."""
    clock = SleepClock()

    def slow(products: Sequence[Product]) -> Sequence[Product]:
        clock.seconds += 11
        return products

    journal = Journal(*[slow] * 99)

    load(journal, entries(1), clock)

    assert 3 == len(journal.writes())


def test_a_throttled_batch_is_sent_again() -> None:
    """A throttled call stored nothing."""
    journal = Journal(fails(StoreUnavailable("DynamoDB throttles")))

    done = load(journal, entries(3))

    assert ["write 3", "write 3"] == journal.writes()
    assert done.is_clean


def test_an_unknown_outcome_leaves_the_fences_and_is_reported() -> None:
    """Only the last try is unknown; what came before is stored, the rest is not read."""
    journal = Journal(lambda _: [], lambda batch: batch[20:], fails(OutcomeUnknown("silence")))

    done = load(journal, entries(99))

    assert "read 50, stored 45, rejected 0, outcome unknown 5" == done.summary()
    assert 25 == journal.count("left")
    assert not done.is_clean
    assert [
        "Stopped after line 50: OutcomeUnknown",
        "Outcome unknown: line 46, line 47, line 48, line 49, line 50",
    ] == list(done.problems())


def test_an_interrupted_write_is_reported_as_unknown() -> None:
    """A second Ctrl-C during a call of DynamoDB: the batches before it are stored."""
    journal = Journal(lambda _: [], fails(KeyboardInterrupt()))

    done = load(journal, entries(26))

    assert "read 26, stored 25, rejected 0, outcome unknown 1" == done.summary()
    assert 25 == journal.count("release")


def test_a_fence_that_cannot_be_placed_stores_nothing_under_the_strict_policy() -> None:
    """The import stops, and the products are known not to be stored."""
    journal = Journal()
    journal.answers = False

    done = load(journal, entries(1))

    assert "CacheUnavailable" == done.stopped_by
    assert "Not stored: line 1" == list(done.problems())[-1]
    assert [] == journal.events


def test_an_interruption_waits_for_the_end_of_the_batch() -> None:
    """Ctrl-C at any moment of a batch: its products are stored and the fences released."""

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
    """It is raised at the end of the block; afterwards signals are as they were."""
    before = signal.getsignal(signum)
    done = []

    with pytest.raises(KeyboardInterrupt), interruption_deferred():
        done.append(signal.raise_signal(signum))

    assert 1 == len(done)
    assert before == signal.getsignal(signum)


def test_a_second_interruption_is_not_deferred() -> None:
    """Pressing Ctrl-C twice stops at once."""
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
