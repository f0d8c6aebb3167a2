"""The live page's counts and events from log lines."""

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


def lines_of_the_api(*outcomes: str) -> list[Line]:
    """Return the API's log lines of requests with these cache outcomes."""
    with redirect_stdout(io.StringIO()) as output:
        telemetry.configure(examples.settings())
        for outcome in outcomes:
            telemetry.begin(request_id="r")
            telemetry.looked_up(outcome)
            telemetry.answered("GET", "/products/{product_id}", 200)
    parsed = [parse(raw.encode()) for raw in output.getvalue().splitlines()]
    return [each for each in parsed if each is not None]


def test_a_request_is_counted_by_its_outcome() -> None:
    """Positive and negative hits are both hits."""
    lines = lines_of_the_api("hit", "negative hit", "hit", "miss", "bypass")

    shown = state(*lines).shown()

    assert {"hit": 3, "miss": 1, "bypass": 1} == requests(shown)
    assert (3, 1, 5) == (shown["saved"], shown["negative"], shown["requests"])
    assert 3 / 5 == shown["ratio"]


def test_a_batch_counts_many_reads_and_one_request() -> None:
    """The ratio and the saved reads count products."""
    many = line(CacheHits=7, CacheMisses=3, OtherLatency=[2.5])

    shown = state(many).shown()

    assert {"other": 1} == requests(shown)
    assert (7, 0.7) == (shown["saved"], shown["ratio"])


def test_a_line_may_have_metrics_of_several_requests() -> None:
    """With sampled hits one line has the times of all."""
    assert {"hit": 3} == requests(state(line(CacheHits=3, HitLatency=[0.4, 0.5, 0.6])).shown())


def test_without_reads_there_is_no_ratio() -> None:
    """A write is no read."""
    assert state(line(WriteLatency=[9.0])).shown()["ratio"] is None


def test_server_errors_are_counted() -> None:
    """Each response of 500 and above."""
    assert 1 == state(line(ServerErrors=1, WriteLatency=[9.0]), line()).shown()["errors"]


def test_a_latency_is_in_the_step_that_contains_it() -> None:
    """From 0.1 ms to 10 s. Longer times are in the last step."""
    for milliseconds in (0.15, 1.2, 80.0, 9_000.0):
        step = step_of(milliseconds)
        assert end_of(step - 1) <= milliseconds <= end_of(step)
    assert (0, STEPS - 1) == (step_of(0.0), step_of(60_000.0))


def test_a_quantile_is_the_end_of_a_step() -> None:
    """`None` without a request."""
    outcome = OutcomeCounts()
    assert (None, None) == (outcome.shown(0)["median"], outcome.shown(0)["p99"])

    for milliseconds in [1.2] * 98 + [80.0] * 2:
        outcome.add(milliseconds, 0)

    shown = outcome.shown(0)
    assert (end_of(step_of(1.2)), end_of(step_of(80.0))) == (shown["median"], shown["p99"])


def test_only_the_last_minute_is_shown() -> None:
    """At most two minutes are kept."""
    outcome = OutcomeCounts()
    for second in (*range(1000), 1010, 1010, 1069):
        outcome.add(1.0, second)

    assert [2] + [0] * 58 + [1] == outcome.shown(1069)["minute"]
    assert [0] * 60 == outcome.shown(1200)["minute"]
    assert 1003 == outcome.shown(1200)["requests"]
    assert 120 >= len(outcome._seconds)


def test_each_process_has_its_own_circuit() -> None:
    """The circuit is open until the last process has closed its own."""
    opened = line("WARNING", "cache circuit opened", reason="TimeoutError")
    closed = line("INFO", "cache circuit closed")
    made = state(opened, opened, closed)
    assert 1 == made.shown()["open_circuits"]

    made.add_api_lines([closed, closed])

    assert 0 == made.shown()["open_circuits"]


def test_a_restarted_api_has_closed_circuits() -> None:
    """A restarted Valkey does not change them."""
    made = state(line("WARNING", "cache circuit opened"))

    made.restarted("Valkey")
    assert 1 == made.shown()["open_circuits"]
    made.restarted("The API")
    assert 0 == made.shown()["open_circuits"]
    assert "The API has died; restarting it" == made.shown()["events"][0]["text"]


def test_the_circuit_of_the_stream_is_not_counted() -> None:
    """Its warnings are events."""
    made = state()

    made.add_stream_lines([line("WARNING", "cache circuit opened", reason="TimeoutError")])

    assert 0 == made.shown()["open_circuits"]
    assert ["cache circuit opened: TimeoutError"] == [
        event["text"] for event in made.shown()["events"]
    ]


def test_repeated_warnings_are_one_event_until_an_action() -> None:
    """Warnings may alternate. After a user action they are new events."""
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
def test_other_text_is_no_log_line(raw: bytes) -> None:
    """Such as a traceback of the start."""
    assert parse(raw) is None


def test_text_lines_contain_no_metrics() -> None:
    """A line has the format of `LOG_FORMAT=text`, in local time."""
    (hit,) = lines_of_the_api("hit")

    words = as_text(hit).split()

    assert ["INFO", "answered", "request_id=r", "method=GET"] == words[1:5]
    assert {"cache=hit", "status=200"} <= set(words)
    assert not {"_aws", "Stage", "CacheHits", "HitLatency"} & {w.split("=")[0] for w in words}
    assert hit["time"][19:23] == words[0][8:]


def test_a_traceback_follows_its_line() -> None:
    """As the API writes it."""
    text = as_text(line("ERROR", "unexpected", exception="Traceback …\nZeroDivisionError"))

    assert ["Traceback …", "ZeroDivisionError"] == text.splitlines()[1:]


def test_a_level_includes_higher_ones() -> None:
    """In the order of logging."""
    included = [reaches(line(level), "WARNING") for level in ("DEBUG", "INFO", "WARNING", "ERROR")]

    assert [False, False, True, True] == included
