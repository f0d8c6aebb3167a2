"""What the live page makes of log lines."""

import io
from contextlib import redirect_stdout
from typing import Any

import pytest

from chalicelib import telemetry
from dev.watch.counts import STEPS, OutcomeCounts, end_of, step_of
from dev.watch.lines import Line, as_text, parse, reaches
from dev.watch.state import State
from tests import examples


def line(level: str = "INFO", message: str = "answered", **members: Any) -> Line:
    return {"time": "2026-11-22T12:00:00.123+00:00", "level": level, "message": message, **members}


def state(*lines: Line) -> State:
    made = State(clock=lambda: 100.0)
    made.add_api_lines(lines)
    return made


def requests(shown: dict[str, Any]) -> dict[str, int]:
    return {name: each["requests"] for name, each in shown["outcomes"].items() if each["requests"]}


def told_by_the_api(*outcomes: str) -> list[Line]:
    """Return the lines of requests that the cache had these answers for."""
    with redirect_stdout(io.StringIO()) as output:
        telemetry.configure(examples.settings())
        for outcome in outcomes:
            telemetry.begin(request_id="r")
            telemetry.looked_up(outcome)
            telemetry.answered("GET", "/products/{product_id}", 200)
    parsed = [parse(raw.encode()) for raw in output.getvalue().splitlines()]
    return [each for each in parsed if each is not None]


def test_a_request_is_counted_under_its_outcome() -> None:
    """As the API's own lines tell it: both kinds of hit are hits."""
    lines = told_by_the_api("hit", "negative hit", "hit", "miss", "bypass")

    shown = state(*lines).shown()

    assert {"hit": 3, "miss": 1, "bypass": 1} == requests(shown)
    assert (3, 1, 5) == (shown["saved"], shown["negative"], shown["requests"])
    assert 3 / 5 == shown["ratio"]


def test_many_products_in_one_request_are_many_reads_and_one_request() -> None:
    """The ratio and the reads saved go by products."""
    many = line(CacheHits=7, CacheMisses=3, OtherLatency=[2.5])

    shown = state(many).shown()

    assert {"other": 1} == requests(shown)
    assert (7, 0.7) == (shown["saved"], shown["ratio"])


def test_a_line_may_bear_the_metrics_of_several_requests() -> None:
    """Where the settings sample hits, one line has the times of all."""
    assert {"hit": 3} == requests(state(line(CacheHits=3, HitLatency=[0.4, 0.5, 0.6])).shown())


def test_without_reads_there_is_no_ratio() -> None:
    """A write is none."""
    assert state(line(WriteLatency=[9.0])).shown()["ratio"] is None


def test_server_errors_are_counted() -> None:
    """Each answer of 500 and above."""
    assert 1 == state(line(ServerErrors=1, WriteLatency=[9.0]), line()).shown()["errors"]


def test_a_time_falls_into_the_step_that_ends_above_it() -> None:
    """From a tenth of a millisecond to ten seconds; what lies beyond is at the end."""
    for milliseconds in (0.15, 1.2, 80.0, 9_000.0):
        step = step_of(milliseconds)
        assert end_of(step - 1) <= milliseconds <= end_of(step)
    assert (0, STEPS - 1) == (step_of(0.0), step_of(60_000.0))


def test_a_quantile_is_the_end_of_a_step() -> None:
    """Exact to the step; nothing without a call."""
    outcome = OutcomeCounts()
    assert (None, None) == (outcome.shown(0)["median"], outcome.shown(0)["p99"])

    for milliseconds in [1.2] * 98 + [80.0] * 2:
        outcome.add(milliseconds, 0)

    shown = outcome.shown(0)
    assert (end_of(step_of(1.2)), end_of(step_of(80.0))) == (shown["median"], shown["p99"])


def test_the_last_minute_forgets_what_was_before() -> None:
    """However long the stack runs, no more than two minutes are kept."""
    outcome = OutcomeCounts()
    for second in (*range(1000), 1010, 1010, 1069):
        outcome.add(1.0, second)

    assert [2] + [0] * 58 + [1] == outcome.shown(1069)["minute"]
    assert [0] * 60 == outcome.shown(1200)["minute"]
    assert 1003 == outcome.shown(1200)["requests"]
    assert 120 >= len(outcome._seconds)


def test_each_process_has_a_circuit_of_its_own() -> None:
    """Open is shown until the last one has closed."""
    opened = line("WARNING", "cache circuit opened", reason="TimeoutError")
    closed = line("INFO", "cache circuit closed")
    made = state(opened, opened, closed)
    assert 1 == made.shown()["open_circuits"]

    made.add_api_lines([closed, closed])

    assert 0 == made.shown()["open_circuits"]


def test_an_api_that_starts_anew_has_its_circuits_closed() -> None:
    """And a Valkey that does has nothing to do with them."""
    made = state(line("WARNING", "cache circuit opened"))

    made.restarted("Valkey")
    assert 1 == made.shown()["open_circuits"]
    made.restarted("The API")
    assert 0 == made.shown()["open_circuits"]
    assert "The API has died; starting it again" == made.shown()["events"][0]["text"]


def test_the_stream_s_circuit_is_not_the_api_s() -> None:
    """Its warnings are events all the same."""
    made = state()

    made.add_stream_lines([line("WARNING", "cache circuit opened", reason="TimeoutError")])

    assert 0 == made.shown()["open_circuits"]
    assert ["cache circuit opened: TimeoutError"] == [
        event["text"] for event in made.shown()["events"]
    ]


def test_repeated_warnings_become_one_until_something_else_happens() -> None:
    """The two of an outage take turns; after news they are told anew."""
    fence, release = (line("WARNING", f"cache {what} lost") for what in ("fence", "release"))
    made = state(fence, release, fence, release)
    made.add_event("Redis resumed")
    made.add_event("Redis resumed")
    made.add_api_lines([fence])

    events = [(event["text"], event["times"]) for event in made.shown()["events"]]

    assert [
        ("cache fence lost", 1),
        ("Redis resumed", 1),
        ("Redis resumed", 1),
        ("cache release lost", 2),
        ("cache fence lost", 2),
    ] == events


@pytest.mark.parametrize("raw", [b"Traceback (most recent call last):", b"{", b'{"a": 1}', b""])
def test_what_is_no_log_line_is_not_taken_for_one(raw: bytes) -> None:
    """A traceback of the start, say."""
    assert parse(raw) is None


def test_people_see_no_metrics() -> None:
    """A line reads as `LOG_FORMAT=text` has it, by the clock of this machine."""
    (hit,) = told_by_the_api("hit")

    words = as_text(hit).split()

    assert ["INFO", "answered", "request_id=r", "method=GET"] == words[1:5]
    assert {"cache=hit", "status=200"} <= set(words)
    assert not {"_aws", "Stage", "CacheHits", "HitLatency"} & {w.split("=")[0] for w in words}
    assert hit["time"][19:23] == words[0][8:]


def test_a_traceback_stands_below_its_line() -> None:
    """As the API would have written it."""
    text = as_text(line("ERROR", "unforeseen", exception="Traceback …\nZeroDivisionError"))

    assert ["Traceback …", "ZeroDivisionError"] == text.splitlines()[1:]


def test_a_level_reaches_those_at_and_below_it() -> None:
    """In the order of logging."""
    told = [reaches(line(level), "WARNING") for level in ("DEBUG", "INFO", "WARNING", "ERROR")]

    assert [False, False, True, True] == told
