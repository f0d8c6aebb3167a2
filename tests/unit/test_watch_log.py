"""The servers' log lines reach the live page and the terminal."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dev.watch.log import ServerLog
from dev.watch.state import State
from tests import examples
from tests.running_stack import eventually


class TerminalPipe:
    """A pipe in place of standard output."""

    def __init__(self) -> None:
        self.outlet, self.inlet = os.pipe()

    def lines(self) -> list[str]:
        """Return the written lines, after all writers have closed it."""
        os.close(self.inlet)
        with os.fdopen(self.outlet, "rb") as outlet:
            return outlet.read().decode().splitlines()

    def hang_up(self) -> None:
        os.close(self.outlet)


@pytest.fixture
def terminal() -> TerminalPipe:
    return TerminalPipe()


def a_line(message: str = "answered", level: str = "INFO", **members: Any) -> bytes:
    time = "2026-11-22T12:00:00.123+00:00"
    return json.dumps({"time": time, "level": level, "message": message, **members}).encode()


HIT = a_line(HitLatency=[0.4], CacheHits=1)


@contextmanager
def running_log(terminal: TerminalPipe, **settings: str) -> Iterator[tuple[ServerLog, State]]:
    state = State()
    with ServerLog(examples.settings(**settings), state, terminal.inlet) as log:
        yield log, state


def send(terminal: TerminalPipe, *written: bytes, **settings: str) -> State:
    """Write as the API does; return the state after all lines have arrived."""
    with running_log(terminal, **settings) as (log, state):
        for each in written:
            os.write(log.api, each)
    return state


def test_a_line_is_counted_and_written(terminal: TerminalPipe) -> None:
    """As text if the settings say so."""
    state = send(terminal, HIT + b"\n", LOG_FORMAT="text")

    assert 1 == state.shown()["saved"]
    (text,) = terminal.lines()
    assert text.endswith("INFO    answered        ")


def test_a_line_may_arrive_in_parts(terminal: TerminalPipe) -> None:
    """The last line may have no line end, and other text is written unchanged."""
    parts = (HIT[:20], HIT[20:] + b"\n", b"Traceback:\n  \xff\n", HIT)

    state = send(terminal, *parts, LOG_FORMAT="json")

    assert 2 == state.shown()["saved"]
    assert [HIT.decode(), "Traceback:", "  \ufffd", HIT.decode()] == terminal.lines()


def test_lines_below_the_level_are_counted(terminal: TerminalPipe) -> None:
    """With `LOG_LEVEL=WARNING make run` the page is still correct."""
    warning = a_line("cache fence lost", "WARNING")

    state = send(terminal, HIT + b"\n" + warning + b"\n", LOG_LEVEL="WARNING", LOG_FORMAT="json")

    assert 1 == state.shown()["saved"]
    assert [warning.decode()] == terminal.lines()


def test_the_servers_log_every_request(terminal: TerminalPipe) -> None:
    """JSON with metrics, each hit, and INFO or a lower level."""
    complete = {"LOG_FORMAT": "json", "LOG_HITS": "1", "METRICS": "true"}
    user = {"LOG_FORMAT": "text", "LOG_HITS": "0.1", "METRICS": "false", "PRODUCTS_TABLE": "t"}
    quiet = ServerLog(examples.settings(LOG_LEVEL="ERROR"), State(), terminal.inlet)
    loud = ServerLog(examples.settings(LOG_LEVEL="DEBUG"), State(), terminal.inlet)

    assert {"PRODUCTS_TABLE": "t", "LOG_LEVEL": "INFO", **complete} == quiet.server_environment(
        {**user, "LOG_LEVEL": "ERROR"}
    )
    assert "DEBUG" == loud.server_environment({**user, "LOG_LEVEL": "DEBUG"})["LOG_LEVEL"]


def test_an_invalid_line_does_not_stop_the_counts(
    terminal: TerminalPipe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the pipe would fill up. The error is printed."""
    with running_log(terminal) as (log, state):
        os.write(log.api, a_line(HitLatency="odd") + b"\n")
        eventually(lambda: "TypeError" in capsys.readouterr().err)
        os.write(log.api, HIT + b"\n")

    assert 1 == state.shown()["saved"]


def test_a_closed_terminal_does_not_stop_the_counts(terminal: TerminalPipe) -> None:
    """`make run | head` continues."""
    terminal.hang_up()

    state = send(terminal, *[HIT + b"\n"] * 50)

    assert 50 == state.shown()["saved"]


def test_a_paused_terminal_does_not_stop_the_counts(terminal: TerminalPipe) -> None:
    """Ctrl-S pauses only the terminal. The number of dropped lines is written afterwards."""
    long, seen = b"x" * 60_000 + b"\n", b""
    with running_log(terminal) as (log, state):
        for _ in range(200):
            os.write(log.api, long)
        os.write(log.api, HIT + b"\n")
        eventually(lambda: state.shown()["saved"] == 1)

        while b"lines dropped: the terminal was too slow" not in seen[-100_000:]:
            seen += os.read(terminal.outlet, 65536)
        terminal.hang_up()

    assert seen.startswith(long)
