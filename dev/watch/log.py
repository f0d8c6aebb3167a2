"""
The servers' log on its way to the terminal: each line is shown to the page, then told to people.

The servers speak JSON at INFO at least and leave out no hit, whatever the settings say, so that
the page can count; what of it is told, and in which form, is as the settings say.
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

_WHOLE: Final = {"LOG_FORMAT": "json", "LOG_HITS": "1", "METRICS": "true"}
_STDOUT: Final = 1
_QUIET: Final = ("WARNING", "ERROR")

Taker = Callable[[Sequence[Line]], None]


class Log:
    """`api` and `stream` are file descriptors: where those two are to write."""

    def __init__(self, settings: Settings, state: State, output: int = _STDOUT) -> None:
        self._level = "DEBUG" if settings.debug else settings.log_level
        self._is_json = settings.log_format == "json"
        self._terminal = Terminal(output)
        takers = (state.add_api_lines, state.add_stream_lines)
        self._readers = [LogReader(partial(self._pass, taker)) for taker in takers]
        self.api, self.stream = (reader.inlet for reader in self._readers)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Begin to read and to tell."""
        self._running.enter_context(self._terminal)
        for reader in self._readers:
            self._running.enter_context(reader)
        return self

    def __exit__(self, *_: object) -> None:
        """Read and tell what is left."""
        self._running.close()

    def settings_of_a_server(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return `env` for a server whose log comes here."""
        level = {"LOG_LEVEL": "INFO"} if self._level in _QUIET else {}
        return {**env, **_WHOLE, **level}

    def _pass(self, taker: Taker, lines: Sequence[bytes]) -> None:
        parsed = [(raw, parse(raw)) for raw in lines]
        taker([line for _, line in parsed if line is not None])
        told = [f"{self._text(raw, line)}\n" for raw, line in parsed if self._is_told(line)]
        if told:
            self._terminal.write("".join(told))

    def _is_told(self, line: Line | None) -> bool:
        """Tell whether it is; what is no log line, such as a traceback of the start, always is."""
        return line is None or reaches(line, self._level)

    def _text(self, raw: bytes, line: Line | None) -> str:
        if line is None or self._is_json:
            return raw.decode(errors="replace")
        return as_text(line)
