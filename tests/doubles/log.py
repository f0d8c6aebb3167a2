"""Captures the log's lines from standard output."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from chalicelib import telemetry
from tests import examples

Line = dict[str, Any]
Lines = list[Line]


class CapturedLog(io.StringIO):
    """The captured lines."""

    def lines(self) -> Lines:
        """Return and remove the lines, decoded from JSON."""
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        """Return and remove the lines as text."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


@contextmanager
def capture_log(**variables: str) -> Iterator[CapturedLog]:
    """Capture the log during the block, with settings from `variables`."""
    with redirect_stdout(CapturedLog()) as stream:
        telemetry.configure(examples.settings(**variables))
    try:
        yield stream
    finally:
        telemetry.configure(examples.settings())
