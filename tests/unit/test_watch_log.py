"""The servers' log lines reach the live page and the terminal."""

import json
import os
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from dev.watch.log import ServerLog
from dev.watch.log_reader import LogReader
from dev.watch.state import State
from dev.watch.terminal import Terminal
from tests import examples
from tests.running_stack import eventually


class TerminalPipe:
    """A pipe in place of standard output."""

    def __init__(self) -> None:
        self._outlet, self.inlet = os.pipe()

    def lines(self) -> list[str]:
        """Return the written lines, after all writers have closed it."""
        os.close(self.inlet)
        with os.fdopen(self._outlet, "rb") as outlet:
            self._outlet = -1
            return outlet.read().decode().splitlines()

    def hang_up(self) -> None:
        os.close(self._outlet)


@pytest.fixture
def terminal() -> TerminalPipe:
    return TerminalPipe()


def a_line(message: str = "answered", level: str = "INFO", **members: Any) -> bytes:
    time = "2026-11-22T12:00:00.123+00:00"
    return json.dumps({"time": time, "level": level, "message": message, **members}).encode()


HIT = a_line(HitLatency=[0.4], CacheHits=1)


def send(terminal: TerminalPipe, *written: bytes, **settings: str) -> State:
    """Write as the API does; return the state after all lines have arrived."""
    state = State()
    with ServerLog(examples.settings(**settings), state, terminal.inlet) as log:
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
    """The last line may have no line end."""
    state = send(terminal, HIT[:20], HIT[20:] + b"\n" + HIT, LOG_FORMAT="json")

    assert 2 == state.shown()["saved"]
    assert [HIT.decode()] * 2 == terminal.lines()


def test_lines_below_the_level_are_counted(terminal: TerminalPipe) -> None:
    """With `LOG_LEVEL=WARNING make run` the page is still correct."""
    warning = a_line("cache fence lost", "WARNING")

    state = send(terminal, HIT + b"\n" + warning + b"\n", LOG_LEVEL="WARNING", LOG_FORMAT="json")

    assert 1 == state.shown()["saved"]
    assert [warning.decode()] == terminal.lines()


def test_other_text_is_written_unchanged(terminal: TerminalPipe) -> None:
    """Such as the traceback of a failed start."""
    send(terminal, b"Traceback:\n  \xff\n", LOG_LEVEL="ERROR")

    assert ["Traceback:", "  \ufffd"] == terminal.lines()


def test_a_closed_terminal_does_not_stop_the_counts(terminal: TerminalPipe) -> None:
    """`make run | head` continues."""
    terminal.hang_up()

    state = send(terminal, *[HIT + b"\n"] * 50)

    assert 50 == state.shown()["saved"]


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


def test_an_error_of_the_receiver_does_not_stop_the_reader(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Otherwise the pipe would fill up. The error is printed."""
    taken: list[bytes] = []

    def take(lines: Sequence[bytes]) -> None:
        taken.extend(lines)
        if b"odd" in lines:
            raise ZeroDivisionError

    with LogReader(take) as reader:
        os.write(reader.inlet, b"odd\n")
        eventually(lambda: taken == [b"odd"])
        os.write(reader.inlet, b"even\n")

    assert [b"odd", b"even"] == taken
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_paused_terminal_does_not_stop_the_counts(terminal: TerminalPipe) -> None:
    """Ctrl-S pauses only the terminal."""
    lines = (HIT + b"\n") * 100

    state = send(terminal, *[lines] * 40, LOG_FORMAT="json")

    assert 4000 == state.shown()["saved"]


def test_lines_dropped_by_a_slow_terminal_are_counted() -> None:
    """Their number is printed when the terminal accepts text again."""
    outlet, inlet = os.pipe()
    text = "x" * 99_999 + "\n"
    read = [b""]

    with Terminal(inlet, capacity=1) as slow:
        for _ in range(5):
            slow.write(text)
        reader = threading.Thread(target=_read, args=(outlet, read), daemon=True)
        reader.start()
        eventually(lambda: "lines dropped" in read[0].decode())
    os.close(inlet)
    reader.join()

    assert read[0].startswith(text.encode())


def _read(outlet: int, into: list[bytes]) -> None:
    with os.fdopen(outlet, "rb", buffering=0) as pipe:
        while part := pipe.read(65536):
            into[0] += part
