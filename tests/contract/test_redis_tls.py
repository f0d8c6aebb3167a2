"""Redis with TLS and the application's client: trusted certificates and time-outs."""

import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from tests import examples
from tests.doubles.caching import CountingLoader, a_cache, a_client
from tests.doubles.tls import Certificates, DebianRedis, RelayedValkey, TlsServer

TIME_OUT = 0.5
"""In seconds. Long enough to distinguish one time-out from two and from noise."""


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(
    scope="module", params=[RelayedValkey, pytest.param(DebianRedis, marks=pytest.mark.debian)]
)
def server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[TlsServer]:
    """Return each kind of server in turn."""
    with request.param(certificates) as server:
        yield server


def _client(server: TlsServer, **variables: str) -> redis.Redis:
    time_out = {"REDIS_TIMEOUT_SECONDS": str(TIME_OUT)}
    return a_client(examples.settings(**time_out, **server.settings | variables))


def _bypasses(client: redis.Redis) -> bool:
    return Fetched("x", Outcome.BYPASS) == a_cache(client).fetch("k", CountingLoader("x"))


def _written_in(cache: Cache[str]) -> float:
    started = time.monotonic()
    with cache.fenced("k"):
        pass
    return time.monotonic() - started


def test_a_certificate_of_the_given_authority_is_trusted(server: TlsServer) -> None:
    """With REDIS_CA_FILE the cache works as over plain TCP."""
    server.client().flushall()
    cache = a_cache(_client(server))

    assert Fetched("x", Outcome.MISS) == cache.fetch("k", CountingLoader("x"))
    assert Fetched("x", Outcome.HIT) == cache.fetch("k", CountingLoader("y"))


def test_a_certificate_of_another_authority_is_not_trusted(server: TlsServer) -> None:
    """Without the file only the machine's authorities are trusted."""
    assert _bypasses(_client(server, REDIS_CA_FILE=""))


def test_a_certificate_for_another_host_is_not_trusted(server: TlsServer) -> None:
    """The certificate does not contain the host name."""
    assert _bypasses(_client(server, REDIS_HOST="127.0.0.1"))


def test_all_connections_share_one_tls_context(server: TlsServer) -> None:
    """The authorities are loaded once, which takes longer than many round trips."""
    pool = _client(server).connection_pool
    first, second = pool.get_connection(), pool.get_connection()

    assert first is not second
    assert first._sock.context is second._sock.context


def test_session_tickets_are_not_used_as_replies(server: TlsServer) -> None:
    """TLS 1.3 sends session tickets on new connections."""
    pool = _client(server).connection_pool
    for _ in range(60):
        connection = pool.get_connection()
        connection.send_command("PING")
        assert b"PONG" == connection.read_response()


@pytest.mark.parametrize("connected", [False, True])
def test_a_write_waits_for_two_time_outs_when_the_server_hangs(
    server: TlsServer, *, connected: bool
) -> None:
    """One for the fence and one for the release, with or without a connection."""
    cache = a_cache(_client(server))
    if connected:
        cache.fetch("k", CountingLoader())
    server.signal(signal.SIGSTOP)
    try:
        waited = _written_in(cache)
    finally:
        server.signal(signal.SIGCONT)

    assert 2 * TIME_OUT <= waited < 2.8 * TIME_OUT


@pytest.fixture
def slow_port(certificates: Certificates) -> Iterator[int]:
    """Return the port of a server with a slow handshake and no reply to AUTH."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    greeted = []

    def serve(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        time.sleep(0.6 * TIME_OUT)
        greeted.append(context.wrap_socket(accepted, server_side=True))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()
        greeted[0].close()


def test_connecting_takes_at_most_one_time_out(certificates: Certificates, slow_port: int) -> None:
    """A slow handshake leaves less time for AUTH."""
    settings = {"REDIS_HOST": "localhost", "REDIS_PORT": str(slow_port), "REDIS_PASSWORD": "p"}
    tls = {"REDIS_TLS": "true", "REDIS_CA_FILE": certificates.ca_file}
    time_out = {"REDIS_TIMEOUT_SECONDS": str(TIME_OUT)}
    client = a_client(examples.settings(**settings, **tls, **time_out))

    started = time.monotonic()
    with pytest.raises(redis.TimeoutError):
        client.ping()

    assert TIME_OUT <= time.monotonic() - started < 1.5 * TIME_OUT
