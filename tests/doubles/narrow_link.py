"""A relay with limited bandwidth in front of Redis."""

import select
import socket
import socketserver
import threading
import time
from types import TracebackType
from typing import Any, Self

_QUIET_SECONDS = 0.003


class NarrowLink:
    """
    Forwards replies at `bytes_a_second` on each connection.

    A reply is forwarded when it is complete, as by a buffering proxy: redis-py's time-out applies
    to each `recv`, so single bytes that arrive slowly are never late.
    """

    def __init__(self, upstream: int, bytes_a_second: float) -> None:
        self._upstream = upstream
        self._rate = bytes_a_second
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._serve)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        """Accept connections."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Stop to accept connections."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, client: socket.socket, *_: Any) -> None:
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as redis:
            while True:
                ready, _, _ = select.select([client, redis], [], [])
                source, target = (client, redis) if client in ready else (redis, client)
                data = _receive(source)
                if not data:
                    return
                if source is redis:
                    time.sleep(len(data) / self._rate)
                try:
                    target.sendall(data)
                except OSError:  # the client may have disconnected
                    return


def _receive(source: socket.socket) -> bytes:
    """Return all data until there is a pause."""
    pieces = [source.recv(1 << 20)]
    while pieces[-1] and select.select([source], [], [], _QUIET_SECONDS)[0]:
        pieces.append(source.recv(1 << 20))
    return b"".join(pieces)
