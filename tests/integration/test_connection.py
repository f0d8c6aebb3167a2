"""A connection of the local server: how long it waits for a client."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from dev.connection import Connection, Patience
from dev.gateway import Answer
from dev.requests import Request

WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Echo:
    """Answers every request."""

    def answer(self, _: Request) -> Answer:
        return Answer(200, {}, b"")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection: the client's, which waits for 10 s, and the server's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=10) as client,
        listener.accept()[0] as server,
    ):
        yield client, server


def serve(server: socket.socket, **patience: float) -> threading.Thread:
    gateway: Any = Echo()
    connection = Connection(server, gateway, Patience(**patience))
    thread = threading.Thread(target=connection.serve, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("sent", [b"", WHOLE])
def test_a_silent_client_is_hung_up_on(
    ends: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    """Be it before its first request or after: it holds a thread and a descriptor."""
    client, server = ends
    client.sendall(sent)
    serve(server, idle=0.2)

    answer = b"".join(iter(lambda: client.recv(65536), b""))

    assert bool(sent) == answer.startswith(b"HTTP/1.1 200")


def test_a_request_by_drops_is_hung_up_on(ends: tuple[socket.socket, socket.socket]) -> None:
    """Each byte comes in time, the request as a whole does not."""
    client, server = ends
    thread = serve(server, request=0.2)
    give_up_at = time.monotonic() + 10
    client.sendall(b"GET / HTTP/1.1\r\nX: ")

    with suppress(ConnectionError):
        while thread.is_alive() and time.monotonic() < give_up_at:
            client.sendall(b"a")
            time.sleep(0.01)

    thread.join(1)
    assert not thread.is_alive()


def test_requests_in_a_row_have_their_time_each(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """Though one has always begun when the one before is answered."""
    client, server = ends
    thread = serve(server, request=1.0)
    client.sendall(WHOLE[:9])

    for _ in range(6):
        time.sleep(0.2)
        client.sendall(WHOLE[9:] + WHOLE[:9])
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    client.shutdown(socket.SHUT_WR)
    thread.join(10)
