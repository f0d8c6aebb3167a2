"""
A TCP proxy that runs in its own process and is controlled by method calls. Knows no protocol.

In the load's process it would wait for the load's threads.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.managers import BaseManager
from typing import Self

HOST = "127.0.0.1"


class Proxy:
    """One listener in front of one server, and its current fault: `pass`, `refuse` or another."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._mode, self._share, self._seconds = "pass", 1.0, 0.0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        """For what the connections' threads change together."""
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]

    def port(self) -> int:
        """Return the port of the proxy."""
        return self._port

    def inject(self, mode: str, share: float = 1.0, seconds: float = 0.0) -> None:
        """Begin a fault, or end it with `pass`. An ended silence or refusal closes connections."""
        before, self._mode = self._mode, mode
        self._share, self._seconds = share, seconds
        if mode == "refuse":
            _shut(self._listener)
            self._listener.close()
        elif before == "refuse":
            self._listener = self._listen(self._port)
        if "refuse" in (mode, before) or before in ("drop", "hang"):
            self.cut()

    def cut(self) -> None:
        """Close all connections."""
        for connection in tuple(self._open):
            _shut(connection)

    def lead_to(self, upstream: int) -> None:
        """Change the server of new connections. Open ones stay, as after a DNS change."""
        self._upstream = upstream

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        raise NotImplementedError

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((HOST, port), backlog=128)
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection((HOST, self._upstream)) as server:
            ends = {client, server}
            self._open |= ends
            for each in ends:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._forward(client, server)
            finally:
                self._open -= ends
                for each in ends:
                    _shut(each)


class ProxyProcess(BaseManager):
    """A process that runs proxies during the `with` block."""

    def __init__(self) -> None:
        super().__init__(ctx=get_context("spawn"))

    def __enter__(self) -> Self:
        """Start the process."""
        self.start(_end_with_parent)
        return super().__enter__()


def _end_with_parent() -> None:
    """End this process when its parent has ended, also by SIGKILL."""
    parent = parent_process()
    assert parent  # noqa: S101 — it was started by `ProxyProcess`

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _shut(connection: socket.socket) -> None:
    """Wake the threads that wait for this socket; `close` alone does not."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
