"""
Sends the servers' log lines to the live page, and then to the terminal.

The servers always log JSON, at level INFO or lower, with every hit, so that the page can count. The
settings decide which lines the terminal gets, and their format. A server that writes to a full pipe
waits, so the readers never wait for the terminal: while it is slow or paused, lines are dropped and
counted.
"""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Self

from chalicelib.settings import Settings
from dev.watch.lines import Line, as_text, parse, reaches
from dev.watch.state import State

_COMPLETE: Final = {"LOG_FORMAT": "json", "LOG_HITS": "1", "METRICS": "true"}
_QUIET: Final = ("WARNING", "ERROR")
_STDOUT: Final = 1
_READ_BYTES: Final = 1 << 16
"""The size of a pipe: 110 lines."""
_GATHER_SECONDS: Final = 0.005
"""Under load a line arrives every 0.2 ms. Reading each one at once takes a tenth of a core."""
_WAITING: Final = 100
"""The most texts that wait for the terminal."""
_END_SECONDS: Final = 2.0

Receiver = Callable[[Sequence[Line]], None]


class ServerLog:
    """Reads the logs of the API and the stream feed. They write to `api` and `stream`."""

    def __init__(self, settings: Settings, state: State, output: int = _STDOUT) -> None:
        self._level = "DEBUG" if settings.debug else settings.log_level
        self._is_json = settings.log_format == "json"
        self._terminal = _Terminal(output)
        (api, self.api), (stream, self.stream) = os.pipe(), os.pipe()
        self._readers = [
            threading.Thread(target=self._read, args=each, daemon=True)
            for each in ((api, state.add_api_lines), (stream, state.add_stream_lines))
        ]

    def __enter__(self) -> Self:
        """Start to read."""
        for thread in (self._terminal, *self._readers):
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read and write the remaining lines. The servers must have ended."""
        os.close(self.api)
        os.close(self.stream)
        for reader in self._readers:
            reader.join(_END_SECONDS)
        self._terminal.end()

    def server_environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return `env` for a server whose log is read here."""
        level = {"LOG_LEVEL": "INFO"} if self._level in _QUIET else {}
        return {**env, **_COMPLETE, **level}

    def _read(self, outlet: int, receiver: Receiver) -> None:
        begun = b""
        while chunk := os.read(outlet, _READ_BYTES):
            *lines, begun = (begun + chunk).split(b"\n")
            self._pass(lines, receiver)
            time.sleep(_GATHER_SECONDS)
        os.close(outlet)
        self._pass([begun] if begun else [], receiver)

    def _pass(self, lines: Sequence[bytes], receiver: Receiver) -> None:
        try:
            parsed = [(raw, parse(raw)) for raw in lines]
            receiver([line for _, line in parsed if line is not None])
            self._terminal.write([self._text(*each) for each in parsed if self._is_shown(each[1])])
        except Exception:  # noqa: BLE001 — after any error the pipe must not fill up
            traceback.print_exc()

    def _is_shown(self, line: Line | None) -> bool:
        """Return whether the terminal gets a line. `None`, which is not a log line, always does."""
        return line is None or reaches(line, self._level)

    def _text(self, raw: bytes, line: Line | None) -> str:
        if line is None or self._is_json:
            return raw.decode(errors="replace")
        return as_text(line)


class _Terminal(threading.Thread):
    """Writes to a file descriptor, or drops what does not fit into its queue."""

    def __init__(self, output: int) -> None:
        super().__init__(name="terminal", daemon=True)
        self._output = output
        self._waiting: queue.Queue[list[str]] = queue.Queue(_WAITING)
        self._dropped = 0

    def write(self, lines: list[str]) -> None:
        """Write lines soon, or drop them."""
        try:
            if lines:
                self._waiting.put_nowait(lines)
        except queue.Full:
            self._dropped += len(lines)

    def end(self) -> None:
        """Wait a while until all lines are written."""
        with suppress(queue.Full):
            self._waiting.put([], timeout=_END_SECONDS)
        self.join(_END_SECONDS)

    def run(self) -> None:
        """Write until `end`."""
        with suppress(OSError):  # the terminal was closed
            while lines := self._waiting.get():
                if dropped := self._dropped:
                    self._dropped -= dropped
                    lines.append(f"… {dropped} lines dropped: the terminal was too slow")
                rest = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
                while rest:
                    rest = rest[os.write(self._output, rest) :]
