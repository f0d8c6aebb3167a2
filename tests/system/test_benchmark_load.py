"""The benchmark's load generator, against a server that misbehaves."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from benchmarks import load

ANSWER = b"HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 10\r\n\r\n0123456789"


@pytest.fixture
def url() -> Iterator[str]:
    """Serve each connection two answers, the second cut in two, then close it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield "http://127.0.0.1:{1}/".format(*server.getsockname())


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, suppress(ConnectionError):  # the load ends when it likes
            for parts in ([ANSWER], [ANSWER[:20], ANSWER[20:]]):
                if not connection.recv(1024):
                    break
                for part in parts:
                    connection.sendall(part)


def test_answers_are_counted_whole_and_lost_connections_made_anew(url: str) -> None:
    """An answer in two parts is one; a connection that ends is a reset, and the load goes on."""
    told = load.run(urlsplit(url), 1, 0.3)

    answers, resets = len(told["seconds"]), told["resets"]
    assert resets > 0
    assert 2 * resets <= answers <= 2 * (resets + 1)
    assert all(seconds > 0 for seconds in told["seconds"])
