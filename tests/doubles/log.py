"""The log, caught: what the code tells, line by line, as it stands on standard output."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from chalicelib import telemetry
from tests import examples

Line = dict[str, Any]
Lines = list[Line]


class Log(io.StringIO):
    """Where the lines go."""

    def lines(self) -> Lines:
        """Return what was told since the last time."""
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        """Return the same as it stands there."""
        told = self.getvalue()
        self.seek(0)
        self.truncate()
        return told


@contextmanager
def caught(**variables: str) -> Iterator[Log]:
    """Send the log here, as the settings with `variables` want it, while the block runs."""
    with redirect_stdout(Log()) as stream:
        telemetry.configure(examples.settings(**variables))
    try:
        yield stream
    finally:
        telemetry.configure(examples.settings())
