"""A stale read is found in histories written by hand, and its verdict depends on the faults."""

import pytest

from dev.faults.faults import FAULTS
from dev.faults.ledger import History, Kind, Write
from dev.faults.refusing import CAUSES
from dev.faults.timeline import DELIVERY_SECONDS, Timeline, Verdict, Window

OLD, NEW, NEWEST = 100, 101, 900
PENDING = float("inf")
DUE = 20 + DELIVERY_SECONDS
CREATE, UPDATE, DELETE = Kind

Entry = tuple[Kind, float, float, int | None]


def history_of(*entries: Entry) -> tuple[History, list[Write]]:
    """Return the history of a product, which is created from 0 to 1 at version `OLD`."""
    history, writes = History(), []
    for kind, started, ended, version in ((CREATE, 0.0, 1.0, OLD), *entries):
        write = history.begin(kind, started)
        if ended != PENDING:
            write.acknowledge(ended, version)
        writes.append(write)
    return history, writes


@pytest.mark.parametrize(
    ("entries", "seen"),
    [
        pytest.param([(UPDATE, 2, 3, NEW)], NEW, id="the newest version"),
        pytest.param([(UPDATE, 2, 4.5, NEW)], OLD, id="a write in progress is missed"),
        pytest.param([(UPDATE, 2, PENDING, None)], NEW, id="a write in progress is returned"),
        pytest.param([(UPDATE, 2, PENDING, None)], OLD, id="a write of unknown outcome is missed"),
        pytest.param(
            [(UPDATE, 2, 3.5, NEW), (UPDATE, 2, 3, NEWEST)], NEWEST, id="out-of-order responses"
        ),
        pytest.param([(DELETE, 2, 3, None)], None, id="404 after a deletion"),
        pytest.param([(DELETE, 2, PENDING, None)], OLD, id="200 during a deletion"),
        pytest.param([(DELETE, 2, PENDING, None)], None, id="404 during a deletion"),
        pytest.param([(DELETE, 2, 3, None), (CREATE, 3, 3.5, NEWEST)], NEWEST, id="recreated"),
        pytest.param(
            [(DELETE, 2, 3, None), (CREATE, 3, PENDING, None)], NEWEST, id="maybe recreated"
        ),
    ],
)
def test_a_fresh_read_missed_nothing(entries: list[Entry], seen: int | None) -> None:
    """Reads from 4 to 5 may return these versions; `None` is a 404."""
    assert [] == history_of(*entries)[0].missed(seen, started=4, ended=5)


@pytest.mark.parametrize(
    ("entries", "seen", "missed"),
    [
        pytest.param([(UPDATE, 2, 3, NEW)], OLD, [1], id="an old version"),
        pytest.param([(UPDATE, 2, 2.5, NEW), (UPDATE, 3, 3.5, 102)], OLD, [1, 2], id="two behind"),
        pytest.param(
            [(UPDATE, 2, PENDING, None), (UPDATE, 2, 3, NEW)], OLD, [2],
            id="an unknown write hides no acknowledged one",
        ),
        pytest.param(
            [(UPDATE, 2, 3.5, NEW), (UPDATE, 2, 3, NEWEST)], NEW, [2], id="out-of-order responses"
        ),
        pytest.param([(DELETE, 2, 3, None)], OLD, [1], id="200 after a deletion"),
        pytest.param([], None, [0], id="404 after the creation"),
        pytest.param([(DELETE, 6, 7, None)], None, [0], id="404 before the deletion"),
        pytest.param(
            [(DELETE, 2, 3, None), (CREATE, 3, 3.5, NEWEST)], OLD, [1, 2],
            id="a version from before the deletion",
        ),
        pytest.param(
            [(DELETE, 2, 2.5, None), (CREATE, 3, 3.5, NEWEST)], None, [2],
            id="404 after a second creation",
        ),
    ],
)  # fmt: skip
def test_a_stale_read_returns_the_missed_writes(
    entries: list[Entry], seen: int | None, missed: list[int]
) -> None:
    """Of a read from 4 to 5; `missed` are their places, with the creation at 0."""
    history, writes = history_of(*entries)

    assert [writes[n] for n in missed] == history.missed(seen, started=4, ended=5)


def test_a_refused_deletion_excuses_nothing() -> None:
    """A 404 is stale if the only deletion was a 412."""
    history, writes = history_of((DELETE, 2, PENDING, None))
    history.refuse(writes[1])

    assert [writes[0]] == history.missed(None, started=4, ended=5)


def a_write(started: float, ended: float) -> Write:
    return Write(UPDATE, started, ended, NEW)


@pytest.fixture
def timeline() -> Timeline:
    """Redis unavailable from 10 to 20, evictions from 30 to 40, writes refused from 50 to 60."""
    timeline = Timeline()
    timeline.windows = [
        Window("drop", outage=True, started=10, ended=20),
        Window("evict", outage=False, started=30, ended=40),
        Window("readonly", outage=True, started=50, ended=60, excuses_from=58),
    ]
    return timeline


@pytest.mark.parametrize(
    ("write", "read", "verdict"),
    [
        pytest.param((1, 2), (15, 16), Verdict.BROKEN, id="no fault during the write"),
        pytest.param((31, 32), (33, 34), Verdict.BROKEN, id="promise 1 covers evictions"),
        pytest.param((11, 12), (13, 14), Verdict.LATE, id="during the outage"),
        pytest.param((11, 12), (DUE, DUE), Verdict.LATE, id="the stream has time left"),
        pytest.param((11, 12), (DUE + 0.1, DUE + 1), Verdict.OVERDUE, id="overdue"),
        pytest.param((9, 11), (22, 23), Verdict.LATE, id="overlaps the begin"),
        pytest.param((19, 21), (22, 23), Verdict.LATE, id="overlaps the end"),
        pytest.param((9, 21), (22, 23), Verdict.LATE, id="overlaps all of it"),
        pytest.param((51, 52), (53, 58), Verdict.BROKEN, id="no value is used while refusing"),
        pytest.param((51, 52), (57, 59), Verdict.LATE, id="ends after the refusal"),
    ],
)
def test_the_verdict_depends_on_the_faults_during_the_write(
    timeline: Timeline, write: tuple[float, float], read: tuple[float, float], verdict: Verdict
) -> None:
    """Only outages excuse a read, and only for the time that promise 3 allows."""
    assert verdict == timeline.judge([a_write(*write)], *read)


def test_the_worst_missed_write_decides(timeline: Timeline) -> None:
    """An excused write does not excuse another one."""
    assert Verdict.BROKEN == timeline.judge([a_write(11, 12), a_write(21, 22)], read_started=23)


def test_a_refusal_excuses_reads_from_its_end_on() -> None:
    """From the moment at which the fault is about to end. The stream cannot be late before."""
    timeline = Timeline()
    with timeline.window("readonly", outage=True, refuses=True) as window:
        write = a_write(window.started, window.started)
        during = timeline.judge([write], window.started + 1000, window.started + 1001)
        window.mend()

    assert (Verdict.BROKEN, Verdict.LATE) == (during, timeline.judge([write], window.ended))


def test_a_lasting_outage_is_never_overdue(timeline: Timeline) -> None:
    """The stream cannot deliver without Redis."""
    timeline.windows = [Window("drop", outage=True, started=10)]

    assert Verdict.LATE == timeline.judge([a_write(11, 12)], read_started=1000)


def test_the_strict_policy_excuses_no_read_and_a_503(timeline: Timeline) -> None:
    """A write during an outage must be refused; a read must not."""
    timeline.strict = True

    assert Verdict.BROKEN == timeline.judge([a_write(11, 12)], read_started=13)
    assert timeline.explains(503, 11, 12, is_write=True)
    assert not timeline.explains(503, 11, 12, is_write=False)
    assert not timeline.explains(503, 1, 2, is_write=True)


def test_the_faults_excuse_what_their_module_says() -> None:
    """Only faults of both commands are outages, and only DynamoDB's explain a 503."""
    outages = {name for name, fault in FAULTS.items() if fault.outage}
    explains = {name for name, fault in FAULTS.items() if 503 in fault.statuses}

    assert {"pause", "drop", "late", "refuse", "loading", *CAUSES} == outages
    assert set(CAUSES) == {name for name, fault in FAULTS.items() if fault.refuses}
    assert {"throttle", "fail", "dbslow"} == explains
    assert not any(500 in fault.statuses for fault in FAULTS.values())
