"""The batches of an import: fences, tries, and an account that is right whatever happens."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from chalicelib.errors import CatalogError, OutcomeUnknown, StoreUnavailable
from chalicelib.product import Product
from dev.transfer import loading
from dev.transfer.ledger import Ledger
from dev.transfer.lines import Entry, Reject
from dev.transfer.loading import Loader
from tests.doubles.journal import Answer, Clock, Journal
from tests.examples import a_draft


def entries(count: int) -> list[Entry]:
    """Return that many fit lines."""
    return [
        Entry(line, f"{line:08}-0000-4000-8000-000000000000", a_draft())
        for line in range(1, count + 1)
    ]


def load(
    journal: Journal,
    read: Sequence[Entry | Reject],
    clock: Clock | None = None,
    undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Ledger:
    """Store the lines, and return the account also where storing fails."""
    clock = clock or Clock()
    ledger = Ledger()

    def noted() -> Iterator[Entry]:
        for line in read:
            ledger.note(line)
            if isinstance(line, Entry):
                yield line

    try:
        Loader(journal, journal, ledger, clock.sleep, clock, undisturbed).store_all(noted())
    except (CatalogError, KeyboardInterrupt) as error:
        ledger.stopped_by = type(error).__name__
    return ledger


def fails(error: BaseException) -> Answer:
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

    ledger = load(journal, entries(60))

    assert ["write 25", "write 25", "write 10"] == journal.writes()
    assert "read 60, stored 60, rejected 0" == ledger.summary()
    assert ledger.is_clean
    assert 60 == len(journal.products.stored)


def test_what_is_left_unprocessed_is_sent_again_behind_the_same_fences() -> None:
    """Each try sends what is left, after a longer pause, and only then the fences fall."""
    clock = Clock()
    journal = Journal(lambda products: products[10:], lambda products: products[-1:])

    ledger = load(journal, entries(25), clock)

    assert ["write 25", "write 15", "write 1"] == journal.writes()
    assert "release" not in " ".join(journal.events[: journal.events.index("write 1")])
    assert 2 == len(clock.slept)
    assert clock.slept[0] < clock.slept[1]
    assert ledger.is_clean


def test_tries_are_bounded_and_what_is_left_is_told() -> None:
    """Fences expire after 60 s, so no try may begin late; the lines not stored are named."""
    clock = Clock()
    journal = Journal(*[lambda products: products[-2:]] * 99)

    ledger = load(journal, entries(30), clock)

    assert 1 + len(loading.PAUSES) == len(journal.writes())
    assert loading.PATIENCE_SECONDS > clock.seconds
    assert "StoreUnavailable" == ledger.stopped_by
    assert [24, 25] == ledger.not_stored
    assert [] == ledger.unknown
    assert "read 25, stored 23, rejected 0, not stored 2" == ledger.summary()
    assert 25 == journal.count("release")


def test_slow_answers_use_up_the_patience() -> None:
    """The time that DynamoDB takes counts too, not only our pauses."""
    clock = Clock()

    def slow(products: Sequence[Product]) -> Sequence[Product]:
        clock.seconds += 11
        return products

    journal = Journal(*[slow] * 99)

    load(journal, entries(1), clock)

    assert 3 == len(journal.writes())


def test_a_batch_refused_for_being_busy_is_tried_again() -> None:
    """A throttled call stored nothing, so it is as good as unprocessed."""
    journal = Journal(fails(StoreUnavailable("DynamoDB throttles")))

    ledger = load(journal, entries(3))

    assert ["write 3", "write 3"] == journal.writes()
    assert ledger.is_clean


def test_an_unknown_outcome_leaves_the_fences_and_names_the_lines() -> None:
    """Only what was under way is unknown; what came before is stored, the rest unread."""
    journal = Journal(lambda _: [], lambda batch: batch[20:], fails(OutcomeUnknown("silence")))

    ledger = load(journal, entries(99))

    assert [46, 47, 48, 49, 50] == ledger.unknown
    assert [] == ledger.not_stored
    assert "read 50, stored 45, rejected 0, unknown 5" == ledger.summary()
    assert 25 == journal.count("left")
    assert not ledger.is_clean
    assert [
        "Stopped after line 50: OutcomeUnknown",
        "Stored or not, nobody knows: line 46, 47, 48, 49, 50",
    ] == ledger.troubles()


def test_an_interruption_half_way_through_a_write_leaves_no_doubt_untold() -> None:
    """Ctrl-C while DynamoDB is asked: that batch is of unknown fate, what came before is not."""
    journal = Journal(lambda _: [], fails(KeyboardInterrupt()))

    ledger = load(journal, entries(26))

    assert [26] == ledger.unknown
    assert 25 == ledger.stored
    assert 25 == journal.count("release")


def test_a_fence_that_cannot_be_placed_stores_nothing_under_the_strict_policy() -> None:
    """The lines are known not to be stored, and the import stops."""
    journal = Journal()
    journal.answers = False

    ledger = load(journal, entries(1))

    assert "CacheUnavailable" == ledger.stopped_by
    assert [1] == ledger.not_stored
    assert [] == journal.events


def test_a_batch_is_undisturbed_from_its_first_fence_to_its_last_release() -> None:
    """An interruption comes before a batch or after it, and reading on is not held up by it."""
    journal = Journal()

    @contextmanager
    def undisturbed() -> Iterator[None]:
        journal.events.append("begin")
        yield
        journal.events.append("end")

    load(journal, entries(26), undisturbed=undisturbed)

    assert ["begin", "end", "begin", "end"] == [e for e in journal.events if " " not in e]
    assert ("begin", "end") == (journal.events[0], journal.events[-1])


def test_rejects_are_counted_and_spoil_the_result() -> None:
    """An import with a reject is not clean, though all the rest is stored."""
    ledger = load(Journal(), [*entries(1), Reject(2, "why")])

    assert "read 2, stored 1, rejected 1" == ledger.summary()
    assert not ledger.is_clean
    assert [] == ledger.troubles()
