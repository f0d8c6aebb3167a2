"""
Sends the servers' log lines to the live page, and then to the terminal.

The servers always log JSON, at level INFO or lower, with every hit, so that the page can count. The
settings decide which lines the terminal gets, and their format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final, Self

from chalicelib.settings import Settings
from dev.watch.lines import Line, as_text, parse, reaches
from dev.watch.log_reader import LogReader
from dev.watch.state import State
from dev.watch.terminal import Terminal

_COMPLETE: Final = {"LOG_FORMAT": "json", "LOG_HITS": "1", "METRICS": "true"}
_STDOUT: Final = 1
_QUIET: Final = ("WARNING", "ERROR")

Receiver = Callable[[Sequence[Line]], None]


class ServerLog:
    """Reads the logs of the API and the stream feed. They write to `api` and `stream`."""

    def __init__(self, settings: Settings, state: State, output: int = _STDOUT) -> None:
        self._level = "DEBUG" if settings.debug else settings.log_level
        self._is_json = settings.log_format == "json"
        self._terminal = Terminal(output)
        receivers = (state.add_api_lines, state.add_stream_lines)
        self._readers = [LogReader(partial(self._pass, receiver)) for receiver in receivers]
        self.api, self.stream = (reader.inlet for reader in self._readers)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start to read."""
        self._running.enter_context(self._terminal)
        for reader in self._readers:
            self._running.enter_context(reader)
        return self

    def __exit__(self, *_: object) -> None:
        """Read and write the remaining lines."""
        self._running.close()

    def server_environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return `env` for a server whose log is read here."""
        level = {"LOG_LEVEL": "INFO"} if self._level in _QUIET else {}
        return {**env, **_COMPLETE, **level}

    def _pass(self, receiver: Receiver, lines: Sequence[bytes]) -> None:
        parsed = [(raw, parse(raw)) for raw in lines]
        receiver([line for _, line in parsed if line is not None])
        shown = [f"{self._text(raw, line)}\n" for raw, line in parsed if self._is_shown(line)]
        if shown:
            self._terminal.write("".join(shown))

    def _is_shown(self, line: Line | None) -> bool:
        """Return whether the terminal gets a line. `None`, which is not a log line, always does."""
        return line is None or reaches(line, self._level)

    def _text(self, raw: bytes, line: Line | None) -> str:
        if line is None or self._is_json:
            return raw.decode(errors="replace")
        return as_text(line)
