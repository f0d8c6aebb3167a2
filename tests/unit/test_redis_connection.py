"""How Redis is reached, as the settings say."""

import errno
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme
from chalicelib.redis_cluster import ClusterStore
from chalicelib.redis_connection import Connection, Options, _opened
from chalicelib.redis_iam import IamToken
from chalicelib.redis_pool import pool

from chalicelib.wiring import Container
from tests.examples import settings

CACHE = "arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:products"


def _options(**variables: str) -> Options:
    return pool(settings(**variables))._options


def test_nothing_is_connected_before_the_first_command() -> None:
    """A Lambda starts though Redis is down. (Sockets are blocked here: connecting would fail.)"""
    on_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "api", "CURSOR_SECRET": "x" * 16, "STAGE": "prod"}

    pool(settings(**on_lambda))


def test_a_cluster_is_not_connected_to_either() -> None:
    """`redis.RedisCluster` would do so in its constructor."""
    assert isinstance(Container(settings(REDIS_CLUSTER="true")).redis, ClusterStore)


def test_a_server_that_hangs_is_given_up_soon() -> None:
    """After the setting's time-out."""
    assert 0.15 == _options(REDIS_TIMEOUT_SECONDS="0.15").seconds


class _Socket:
    """Notes how long each connecting may take, and never gets connected; there is no IPv6 here."""

    waits: list[float] = []  # noqa: RUF012 — set anew by the test

    def __init__(self, family: int, *_: object) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no such family")

    def setsockopt(self, *_: object) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        self.waits.append(seconds)

    def connect(self, address: tuple[str, int]) -> None:
        raise ConnectionRefusedError(address)

    def close(self) -> None:
        pass


def test_an_address_that_is_dead_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what a connection has to get ready in, one address takes half at most."""
    families = [socket.AF_INET6, socket.AF_INET, socket.AF_INET]
    addresses = [(family, 1, 6, "", (f"10.0.0.{n}", 1)) for n, family in enumerate(families)]
    monkeypatch.setattr(socket, "socket", _Socket)

    _Socket.waits = []
    with pytest.raises(ConnectionRefusedError, match=r"10\.0\.0\.2"):  # the last is told of
        _opened(addresses, time.monotonic() + 10)
    assert 2 == len(_Socket.waits)
    assert all(4 < seconds <= 5 for seconds in _Socket.waits)

    _Socket.waits = []
    with pytest.raises(ConnectionRefusedError):
        _opened(addresses, 0.0)
    assert all(0 < seconds < 0.01 for seconds in _Socket.waits)


class _Connection(Connection):
    """Fails as it is told to, and counts how often."""

    def __init__(self, error: Exception, *, is_open: bool) -> None:
        super().__init__("cache", 6379, Options(1))
        self.asked = 0
        self._error = error
        self._is_open = is_open

    @property
    def is_open(self) -> bool:
        return self._is_open

    def ask(self, _: object) -> list[object]:
        self.asked += 1
        raise self._error


@pytest.mark.parametrize(
    ("error", "is_open", "asked"),
    [
        (ConnectionResetError(), True, 2),
        (OSError(), True, 2),
        (TimeoutError(), True, 1),
        (ConnectionResetError(), False, 1),
    ],
)
def test_a_kept_connection_that_is_lost_is_tried_once_more_and_a_time_out_is_not(
    error: Exception, *, is_open: bool, asked: int
) -> None:
    """A connection gone stale costs one retry, a hung server or one that is down none."""
    connections = pool(settings())
    connections._idle.append(connection := _Connection(error, is_open=is_open))

    with pytest.raises(type(error)):
        connections.ask([("PING",)])

    assert asked == connection.asked


def test_where_is_told_by_the_settings() -> None:
    """Host, port and database."""
    connections = pool(settings(REDIS_HOST="cache", REDIS_PORT="7000", REDIS_DB="3"))

    assert ("cache", 7000, 3) == (
        connections._host,
        connections._port,
        connections._options.database,
    )


@pytest.mark.parametrize(
    ("variables", "greeting"),
    [
        ({}, []),
        ({"REDIS_DB": "3"}, [("SELECT", 3)]),
        ({"REDIS_PASSWORD": "p"}, [("AUTH", "p")]),
        ({"REDIS_USERNAME": "u"}, [("AUTH", "u", "")]),
        ({"REDIS_USERNAME": "u", "REDIS_PASSWORD": "p"}, [("AUTH", "u", "p")]),
        (
            {"REDIS_USERNAME": "u", "REDIS_PASSWORD": "p", "REDIS_DB": "1"},
            [("AUTH", "u", "p"), ("SELECT", 1)],
        ),
    ],
)
def test_the_greeting_is_what_the_settings_need(
    variables: dict[str, str], greeting: list[tuple[object, ...]]
) -> None:
    """Nothing, by default: no HELLO and no round trip before the first command."""
    assert greeting == Connection("cache", 6379, _options(**variables))._greeting()


def test_tls_checks_whom_it_talks_to() -> None:
    """REDIS_TLS=true: certificate and host name are verified; by default there is no TLS."""
    context = _options(REDIS_TLS="true").tls

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert _options().tls is None


def test_a_file_of_authorities_replaces_the_machine_s(tmp_path: Path) -> None:
    """REDIS_CA_FILE: nobody else is trusted, and nothing else is read."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    context = _options(REDIS_TLS="true", REDIS_CA_FILE=str(tmp_path / "ca.pem")).tls

    assert 1 == len(context.get_ca_certs())


def test_where_iam_is_asked_a_token_stands_for_the_password() -> None:
    """A password that is set as well would be sent to nobody."""
    options = _options(
        REDIS_IAM_CACHE=CACHE, REDIS_TLS="true", REDIS_USERNAME="u", REDIS_PASSWORD="p"
    )

    assert isinstance(options.credentials, IamToken)
