"""
How a connection to Redis is made: address, time-outs, TLS, user. Knows no command but the greeting.

redis-py's defaults (5 s time-outs, 10 retries) would hold a Lambda for a minute when Redis hangs.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Final, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chalicelib.config import Settings

Connect = Callable[[str, int], redis.Redis]
"""Returns a client of a host and port, which connects on its first command."""

_LEAST_SECONDS: Final = 0.001
"""Zero would mean: do not wait, and fail though the answer is there."""


def connect(settings: Settings) -> redis.Redis:
    """Return a client of the settings' Redis. Connects on its first command."""
    return connector(settings)(settings.redis_host, settings.redis_port)


def connector(settings: Settings) -> Connect:
    """
    Return what connects to the nodes of one Redis; they share what is slow to make.

    Clients fail within `redis_timeout_seconds`. They are not `single_connection_client`, which
    saves 20 µs a command but connects in its constructor, where nobody expects an outage.
    """
    options = {**_time_outs(settings), **_user(settings), "context": _tls(settings)}

    def connect(host: str, port: int) -> redis.Redis:
        pool = redis.ConnectionPool(Connection, host=host, port=port, **options)
        return redis.Redis.from_pool(pool)

    return connect


class Connection(redis.Connection):
    """
    A connection that is ready (TCP, TLS and AUTH) within one time-out, or not at all.

    redis-py's own would take a time-out for each, and a new TLS context (36 ms) each time.
    """

    def __init__(self, context: ssl.SSLContext | None = None, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._context = context
        self._seconds: float = options["socket_connect_timeout"]
        self._ready_by = 0.0

    @property  # type: ignore[misc]  # redis-py's can be set; nobody sets it
    def socket_connect_timeout(self) -> float:
        """Half of what is left, for each address in turn: a dead one leaves time for the next."""
        return self._left() / 2

    def _connect(self) -> socket.socket:
        if self.credential_provider:
            self.credential_provider.get_credentials()  # the first one takes 0.1 s of ours
        self._ready_by = time.monotonic() + self._seconds
        sock: socket.socket = super()._connect()  # type: ignore[no-untyped-call]
        if self._context is None:
            return sock
        sock.settimeout(self._left())
        return self._context.wrap_socket(sock, server_hostname=self.host)

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 — redis-py's
        """Greet in the time that is left."""
        sock = cast("socket.socket", self._sock)
        sock.settimeout(self._left())
        super().on_connect_check_health(check_health)
        sock.settimeout(self.socket_timeout)

    def _left(self) -> float:
        return max(self._ready_by - time.monotonic(), _LEAST_SECONDS)


def _time_outs(settings: Settings) -> dict[str, Any]:
    """Return what makes a time-out end a command, and a stale connection be made anew, once."""
    return {
        "socket_timeout": settings.redis_timeout_seconds,
        "socket_connect_timeout": settings.redis_timeout_seconds,
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        "protocol": 2,  # needs no HELLO
        "driver_info": None,  # nor telling who we are: the greeting is no round trip, or AUTH
        "db": settings.redis_db,
    }


def _user(settings: Settings) -> dict[str, Any]:
    if settings.redis_iam_cache and settings.redis_username:
        from chalicelib.redis_iam import IamToken

        return {"credential_provider": IamToken(settings.redis_iam_cache, settings.redis_username)}
    return {"username": settings.redis_username, "password": settings.redis_password}


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """One for all connections. It checks certificate and host name."""
    if not settings.redis_tls:
        return None
    return ssl.create_default_context(cafile=settings.redis_ca_file)
