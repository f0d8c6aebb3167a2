"""Redis clients and connections by the settings."""

import errno
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme

from chalicelib import redis_store
from chalicelib.redis_store import ClusterStore, RedisStore, client
from chalicelib.redis_store.client import connector
from chalicelib.redis_store.iam import IamCredentials
from tests.examples import settings

CACHE = "arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:products"


def _connection(**variables: str) -> Any:
    """Return a connection by the settings, not yet connected."""
    return connector(settings(**variables))("cache", 6379).connection_pool.make_connection()


def test_no_connection_is_opened_at_the_start() -> None:
    """A Lambda starts without Redis. (Sockets are blocked here, so connecting would fail.)"""
    on_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "api", "CURSOR_SECRET": "x" * 16, "STAGE": "prod"}

    assert isinstance(redis_store.connect(settings(**on_lambda)), RedisStore)


def test_a_cluster_client_opens_no_connection_at_the_start() -> None:
    """`redis.RedisCluster` would, in its constructor."""
    assert isinstance(redis_store.connect(settings(REDIS_CLUSTER="true")), ClusterStore)


def test_the_time_out_is_the_setting() -> None:
    """It limits the wait for a hanging server."""
    assert 0.15 == _connection(REDIS_TIMEOUT_SECONDS="0.15").socket_timeout


WAITS: list[float] = []


class _RefusingSocket:
    """Records the time-out of each connection attempt, and refuses it. IPv6 is not available."""

    def __init__(self, family: int, *_: object) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no such family")

    def setsockopt(self, *_: object) -> None:
        pass

    def shutdown(self, _: int) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        WAITS.append(seconds)

    def connect(self, address: tuple[str, int]) -> None:
        raise ConnectionRefusedError(address)

    def close(self) -> None:
        pass


def test_an_unreachable_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address takes at most half of the time."""
    families = [socket.AF_INET6, socket.AF_INET, socket.AF_INET]
    addresses = [(family, 1, 6, "", (f"10.0.0.{n}", 1)) for n, family in enumerate(families)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    monkeypatch.setattr(socket, "socket", _RefusingSocket)

    WAITS.clear()
    with pytest.raises(redis.ConnectionError, match=r"10\.0\.0\.2"):  # the last one's error
        _connection(REDIS_TIMEOUT_SECONDS="0.8").connect()
    assert [0.4, 0.4] == WAITS


def test_a_burst_of_connections_waits_for_its_turn() -> None:
    """With as many threads as a gunicorn worker has, and half as many connections at a time."""
    callers = 256
    barrier = threading.Barrier(callers)

    def connect(_: int) -> None:
        barrier.wait()
        client._within(5, lambda: time.sleep(0.005))

    with ThreadPoolExecutor(callers) as threads:
        list(threads.map(connect, range(callers)))  # raises what a caller raised


def test_a_failed_thread_start_is_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cache is bypassed. Connections are opened again when threads are available."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(client, "_STARTING", threading.BoundedSemaphore(1))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(redis.ConnectionError, match="no thread to connect in"):
            _connection().connect()

    assert "connected" == client._within(1, lambda: "connected")


class _RecordingSocket:
    """A socket whose server answers every command with OK. Records the words."""

    def __init__(self) -> None:
        self.words: list[bytes] = []

    def settimeout(self, _: float) -> None:
        pass

    def sendall(self, data: bytes) -> None:
        lines = data.split(b"\r\n")
        self.words += [word for size, word in pairwise(lines) if size.startswith(b"$")]

    def recv(self, _: int) -> bytes:
        return b"+OK\r\n"

    def shutdown(self, _: int) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("variables", "greeting"),
    [
        ({}, []),
        ({"REDIS_DB": "3"}, [b"SELECT", b"3"]),
        ({"REDIS_PASSWORD": "p"}, [b"AUTH", b"p"]),
        ({"REDIS_USERNAME": "u"}, [b"AUTH", b"u", b""]),
        ({"REDIS_USERNAME": "u", "REDIS_PASSWORD": "p"}, [b"AUTH", b"u", b"p"]),
        (
            {"REDIS_USERNAME": "u", "REDIS_PASSWORD": "p", "REDIS_DB": "1"},
            [b"AUTH", b"u", b"p", b"SELECT", b"1"],
        ),
    ],
)
def test_the_greeting_follows_the_settings(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], greeting: list[bytes]
) -> None:
    """Empty by default: no HELLO and no round trip before the first command."""
    connection, server = _connection(**variables), _RecordingSocket()
    monkeypatch.setattr(connection, "_connect", lambda: server)

    connection.connect()

    assert greeting == server.words


def test_the_settings_contain_the_address() -> None:
    """Host, port and database."""
    store = redis_store.connect(settings(REDIS_HOST="cache", REDIS_PORT="7000", REDIS_DB="3"))

    where = store._client.connection_pool.connection_kwargs
    assert ("cache", 7000, 3) == tuple(where[name] for name in ("host", "port", "db"))


def test_tls_verifies_the_server() -> None:
    """REDIS_TLS=true verifies certificate and host name. By default there is no TLS."""
    context = _connection(REDIS_TLS="true")._tls

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert _connection()._tls is None


def test_a_ca_file_replaces_the_authorities_of_the_machine(tmp_path: Path) -> None:
    """REDIS_CA_FILE: no other authority is trusted."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    context = _connection(REDIS_TLS="true", REDIS_CA_FILE=str(tmp_path / "ca.pem"))._tls

    assert 1 == len(context.get_ca_certs())


def test_with_iam_a_token_replaces_the_password() -> None:
    """A password in the settings is not sent."""
    connection = _connection(
        REDIS_IAM_CACHE=CACHE, REDIS_TLS="true", REDIS_USERNAME="u", REDIS_PASSWORD="p"
    )

    assert isinstance(connection.credential_provider, IamCredentials)
    assert connection.password is None
