"""
How a proxy, a program of its own, is started and told what to do: JSON lines over its pipes.

Its own process, since in ours it would wait for the load's threads. It ends when its input does,
so that none is left behind by a parent that was killed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any, Final, Self

ENDS: Final = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How a proxy's connection ends: closed by either side, or with the proxy."""


class Remote:
    """A proxy under our control, while the `with` block lasts."""

    def __init__(self, module: str, upstream_port: int) -> None:
        self._command = [sys.executable, "-m", module, str(upstream_port)]
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Start it; from then on `port` is its own."""
        pipe = subprocess.PIPE
        self._program = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        self.port: int = self._answer()["port"]
        return self

    def __exit__(self, *_: object) -> None:
        """End it, by closing its input."""
        self._program.communicate(timeout=10)

    def tell(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait until it is carried out."""
        with self._lock:
            assert self._program.stdin  # noqa: S101 — a pipe, see above
            self._program.stdin.write(json.dumps(order) + "\n")
            self._program.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._program.stdout  # noqa: S101 — a pipe, see above
        line = self._program.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command[2]} ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def say(answer: dict[str, Any]) -> None:
    """Answer the parent, from within a proxy."""
    print(json.dumps(answer), flush=True)


async def orders() -> AsyncIterator[dict[str, Any]]:
    """Yield what the parent orders, from within a proxy, until it closes the pipe."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # a client that went away is no news
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)
