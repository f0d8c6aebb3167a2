"""
Starts a proxy as a process and controls it with JSON lines over its pipes.

In the same process the proxy would wait for the load's threads. It ends when its input ends, so a
killed parent leaves no proxy behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any, Final, Protocol, Self

ENDS: Final = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How a proxy's connection ends: either side closes it, or the proxy ends."""


class Remote:
    """A proxy that runs during the `with` block."""

    def __init__(self, module: str, upstream_port: int) -> None:
        self._command = [sys.executable, "-m", module, str(upstream_port)]
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Start the proxy and set `port`."""
        pipe = subprocess.PIPE
        self._program = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        self.port: int = self._answer()["port"]
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the proxy by closing its input."""
        self._program.communicate(timeout=10)

    def tell(self, **command: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        with self._lock:
            assert self._program.stdin  # noqa: S101 — a pipe, see above
            self._program.stdin.write(json.dumps(command) + "\n")
            self._program.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._program.stdout  # noqa: S101 — a pipe, see above
        line = self._program.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command[2]} ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Proxy(Protocol):
    """What is controlled from the parent."""

    port: int

    async def listen(self) -> None:
        """Accept connections, and set `port`."""

    async def obey(self, **command: Any) -> dict[str, Any]:
        """Carry out a command; return its result."""


async def serve(proxy: Proxy) -> None:
    """Run a proxy in this process until the parent closes the pipe."""
    await proxy.listen()
    _send({"port": proxy.port})
    async for command in _commands():
        _send(await proxy.obey(**command))


def _send(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


async def _commands() -> AsyncIterator[dict[str, Any]]:
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # hides disconnected clients
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)
