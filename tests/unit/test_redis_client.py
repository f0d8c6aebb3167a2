"""How Redis is reached: what redis-py is told instead of its dangerous defaults."""

import pytest
import redis

from chalicelib import redis_client
from tests.examples import settings


def _options(**variables: str) -> dict[str, object]:
    return redis_client.connect(settings(**variables)).connection_pool.connection_kwargs


def test_nothing_is_connected_before_the_first_command() -> None:
    """A Lambda starts though Redis is down. (Sockets are blocked here: connecting would fail.)"""
    on_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "api", "CURSOR_SECRET": "x" * 16, "STAGE": "prod"}

    redis_client.connect(settings(**on_lambda))


def test_a_server_that_hangs_is_given_up_soon() -> None:
    """Both time-outs are the setting's."""
    options = _options(REDIS_TIMEOUT_SECONDS="0.15")

    assert (0.15, 0.15) == (options["socket_timeout"], options["socket_connect_timeout"])


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
    secure = redis_client.connect(settings(REDIS_TLS="true")).connection_pool

    assert secure.connection_class is redis.SSLConnection
    assert redis_client.connect(settings()).connection_pool.connection_class is redis.Connection
    connection = secure.connection_class(**secure.connection_kwargs)
    assert connection.check_hostname
    assert 2 == connection.cert_reqs  # ssl.CERT_REQUIRED


def test_the_protocol_is_the_one_that_every_server_speaks() -> None:
    """RESP2 needs no HELLO, so no round trip before the first command."""
    assert 2 == _options()["protocol"]
