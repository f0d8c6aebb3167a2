"""How Redis is reached: what redis-py is told instead of its dangerous defaults."""

import ssl
import time
from pathlib import Path

import pytest
import redis
import trustme

from chalicelib import redis_connection
from chalicelib.redis_cluster import ClusterStore
from chalicelib.redis_iam import IamToken
from chalicelib.wiring import Container
from tests.examples import settings

CACHE = "arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:products"


def _options(**variables: str) -> dict[str, object]:
    return redis_connection.connect(settings(**variables)).connection_pool.connection_kwargs


def test_nothing_is_connected_before_the_first_command() -> None:
    """A Lambda starts though Redis is down. (Sockets are blocked here: connecting would fail.)"""
    on_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "api", "CURSOR_SECRET": "x" * 16, "STAGE": "prod"}

    redis_connection.connect(settings(**on_lambda))


def test_a_cluster_is_not_connected_to_either() -> None:
    """`redis.RedisCluster` would do so in its constructor."""
    assert isinstance(Container(settings(REDIS_CLUSTER="true")).redis, ClusterStore)


def test_a_server_that_hangs_is_given_up_soon() -> None:
    """Both time-outs are the setting's."""
    options = _options(REDIS_TIMEOUT_SECONDS="0.15")

    assert (0.15, 0.15) == (options["socket_timeout"], options["socket_connect_timeout"])


def test_an_address_that_is_dead_leaves_time_for_the_next() -> None:
    """Of what a connection has to get ready in, one address takes half at most."""
    connection = redis_connection.Connection(socket_connect_timeout=0.08)
    connection._ready_by = time.monotonic() + 10

    assert 4 < connection.socket_connect_timeout <= 5
    connection._ready_by = 0.0
    assert 0 < connection.socket_connect_timeout < 0.01


def test_a_lost_connection_is_tried_once_more_and_a_time_out_is_not() -> None:
    """A connection gone stale costs one retry, a hung server none."""
    retry = _options()["retry"]
    tries = []

    def fail(error: Exception) -> None:
        tries.append(error)
        raise error

    for error, expected in ((redis.ConnectionError(), 2), (redis.TimeoutError(), 1)):
        tries.clear()
        with pytest.raises(type(error)):
            retry.call_with_retry(lambda error=error: fail(error), lambda _: None)
        assert expected == len(tries)


def test_where_and_as_whom_is_told_by_the_settings() -> None:
    """Host, port, database, user and password."""
    options = _options(
        REDIS_HOST="cache", REDIS_PORT="7000", REDIS_DB="3", REDIS_USERNAME="u", REDIS_PASSWORD="p"
    )

    assert ("cache", 7000, 3, "u", "p") == tuple(
        options[name] for name in ("host", "port", "db", "username", "password")
    )


def test_tls_checks_whom_it_talks_to() -> None:
    """REDIS_TLS=true: certificate and host name are verified; by default there is no TLS."""
    context = _options(REDIS_TLS="true")["context"]

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert _options()["context"] is None


def test_a_file_of_authorities_replaces_the_machine_s(tmp_path: Path) -> None:
    """REDIS_CA_FILE: nobody else is trusted, and nothing else is read."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    context = _options(REDIS_TLS="true", REDIS_CA_FILE=str(tmp_path / "ca.pem"))["context"]

    assert 1 == len(context.get_ca_certs())


def test_where_iam_is_asked_a_token_stands_for_the_password() -> None:
    """A password that is set as well would be sent to nobody."""
    options = _options(
        REDIS_IAM_CACHE=CACHE, REDIS_TLS="true", REDIS_USERNAME="u", REDIS_PASSWORD="p"
    )

    assert isinstance(options["credential_provider"], IamToken)
    assert "password" not in options


def test_the_protocol_is_the_one_that_every_server_speaks() -> None:
    """RESP2 needs no HELLO, so no round trip before the first command."""
    assert 2 == _options()["protocol"]
