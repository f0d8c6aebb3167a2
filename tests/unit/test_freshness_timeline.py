"""The promise that a stale read breaks depends on the faults during the missed write."""

import pytest

from dev.faults import faults
from dev.faults.ledger import Kind, Write
from dev.faults.refusing import CAUSES
from dev.faults.timeline import DELIVERY_SECONDS, Timeline, Verdict, Window

DUE = 20 + DELIVERY_SECONDS


@pytest.fixture
def timeline() -> Timeline:
    """Redis unavailable from 10 to 20, evictions from 30 to 40."""
    timeline = Timeline()
    timeline.windows = [
        Window("drop", outage=True, started=10, ended=20),
        Window("evict", outage=False, started=30, ended=40),
    ]
    return timeline


def _write(started: float, ended: float) -> Write:
    return Write(Kind.UPDATE, started, ended, version=1)


def _window(name: str) -> Window:
    return Window(name, outage=False, started=0)


def test_missing_a_write_without_a_fault_breaks_promise_1(timeline: Timeline) -> None:
    """Even if Redis is unavailable later."""
    assert Verdict.BROKEN == timeline.judge([_write(1, 2)], read_started=15)


def test_a_fault_that_is_no_outage_excuses_nothing(timeline: Timeline) -> None:
    """Promise 1 covers evictions."""
    assert Verdict.BROKEN == timeline.judge([_write(31, 32)], read_started=33)


@pytest.mark.parametrize("read_started", [13, 19, DUE])
def test_a_write_during_an_outage_may_be_late(timeline: Timeline, read_started: float) -> None:
    """Promise 3 allows it until the stream has had its time."""
    assert Verdict.LATE == timeline.judge([_write(11, 12)], read_started)


def test_a_write_during_an_outage_becomes_overdue(timeline: Timeline) -> None:
    """After the time allowed for the stream, promise 3 is broken."""
    assert Verdict.OVERDUE == timeline.judge([_write(11, 12)], DUE + 0.1)


@pytest.mark.parametrize("span", [(9, 11), (19, 21), (9, 21)])
def test_a_write_that_overlaps_an_outage_is_excused(
    timeline: Timeline, span: tuple[float, float]
) -> None:
    """One of its two commands may have been lost."""
    assert Verdict.LATE == timeline.judge([_write(*span)], read_started=22)


def test_the_worst_missed_write_decides(timeline: Timeline) -> None:
    """An excused write does not excuse another one."""
    assert Verdict.BROKEN == timeline.judge([_write(11, 12), _write(21, 22)], read_started=23)


@pytest.mark.parametrize(
    ("read_started", "read_ended", "verdict"),
    [(13, 14, Verdict.BROKEN), (17, 18, Verdict.BROKEN), (17, 19, Verdict.LATE),
     (22, 23, Verdict.LATE), (DUE + 1, DUE + 2, Verdict.OVERDUE)],
)  # fmt: skip
def test_a_redis_that_refuses_writes_excuses_only_later_reads(
    read_started: float, read_ended: float, verdict: Verdict
) -> None:
    """Its values are not used meanwhile. Afterwards the stream has its time."""
    timeline = Timeline()
    timeline.windows = [Window("readonly", True, started=10, ended=20, excuses_from=18)]  # noqa: FBT003

    assert verdict == timeline.judge([_write(11, 12)], read_started, read_ended)


def test_a_refusal_excuses_reads_from_its_end_on() -> None:
    """From the moment at which the fault is about to end."""
    timeline = Timeline()
    with timeline.window("readonly", outage=True, refuses=True) as window:
        write = _write(window.started, window.started)
        during = timeline.judge([write], window.started, window.started + 1)
        window.mend()

    assert (Verdict.BROKEN, Verdict.LATE) == (during, timeline.judge([write], window.ended))


def test_a_lasting_outage_is_never_overdue(timeline: Timeline) -> None:
    """The stream cannot deliver without Redis."""
    timeline.windows = [Window("drop", outage=True, started=10)]

    assert Verdict.LATE == timeline.judge([_write(11, 12)], read_started=1000)


def test_the_strict_policy_excuses_nothing(timeline: Timeline) -> None:
    """A write during an outage must be refused."""
    timeline.strict = True

    assert Verdict.BROKEN == timeline.judge([_write(11, 12)], read_started=13)


def test_only_a_strict_write_may_be_a_503_without_redis(timeline: Timeline) -> None:
    """Under any fault of Redis."""
    assert faults.excused(timeline.windows[:1], 503, refusing=True)
    assert not faults.excused(timeline.windows[:1], 503)
    assert not faults.excused([], 503, refusing=True)


def test_a_late_read_has_the_time_since_the_return(timeline: Timeline) -> None:
    """From the end of the outage; zero during it."""
    assert 2 == timeline.since_return([_write(11, 12)], read_started=22)
    assert 0 == timeline.since_return([_write(11, 12)], read_started=15)


def test_a_window_lasts_as_long_as_its_block() -> None:
    """The phase is the fault's name during the block, and calm after it."""
    timeline = Timeline()
    with timeline.window("cut", outage=False) as window:
        within = timeline.phase(window.started)

    assert ("cut", "calm") == (within, timeline.phase(window.ended + 1))


def test_only_dynamodb_faults_explain_a_503() -> None:
    """No fault explains a 500."""
    explains = {name for name in faults.FAULTS if faults.excused([_window(name)], 503)}

    assert {"throttle", "fail", "dbslow"} == explains
    assert not any(faults.excused([_window(name)], 500) for name in faults.FAULTS)


def test_only_faults_of_both_commands_are_outages() -> None:
    """As `faults.py` explains."""
    outages = {name for name, fault in faults.FAULTS.items() if fault.outage}

    assert {"pause", "drop", "late", "refuse", "loading", *CAUSES} == outages
    assert set(CAUSES) == {name for name, fault in faults.FAULTS.items() if fault.refuses}


def test_faults_are_chosen_by_name() -> None:
    """An unknown name is refused."""
    assert list(faults.FAULTS) == faults.chosen("all")
    assert [] == faults.chosen("none")
    assert ["cut", "kill"] == faults.chosen("cut,kill")
    assert list(CAUSES) == faults.chosen("refusing")
    with pytest.raises(ValueError, match="unknown fault: fire"):
        faults.chosen("cut,fire")
