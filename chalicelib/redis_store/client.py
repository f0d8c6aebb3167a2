"""
Clients of Redis servers as the settings describe them: time-outs, TLS, credentials.

redis-py's defaults wait for seconds and retry ten times. Here a connection is ready within one
time-out, and a command waits for one more. Knows no command.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chalicelib.redis_store.iam import IamCredentials
from chalicelib.settings import Settings

if TYPE_CHECKING:
    import ssl

_T = TypeVar("_T")

_UNLIMITED: Final = 2**31
"""redis-py's pool raises where it has lent its 100 connections; a thread needs one."""
_STARTING: Final = threading.BoundedSemaphore(128)
"""Connections being made at a time: with a resolver that hangs, threads do not pile up."""
_LEAST_SECONDS: Final = 0.001
"""A time-out of zero means: do not wait at all."""


class Connection(redis.Connection):
    """
    A connection that is ready within one time-out: name look-up, TCP, TLS and greeting together.

    A command is repeated once, on a new connection, where a kept one turns out to be dead: the
    server may have closed it while the Lambda was frozen. Time-outs are not repeated.
    """

    def __init__(self, *, seconds: float, tls: ssl.SSLContext | None, **options: Any) -> None:
        # A name may have several addresses: the first may be dead, and leaves time for the next.
        times = {"socket_timeout": seconds, "socket_connect_timeout": seconds / 2}
        super().__init__(**times, **options)  # type: ignore[no-untyped-call] # redis-py's
        self._seconds = seconds
        self._tls = tls
        self._ready_by = 0.0

    def connect(self) -> None:
        """Connect where it is not connected. The pool calls this each time that it lends it."""
        self.retry.update_retries(1 if self.is_connected else 0)
        self.connect_check_health(retry_socket_connect=False)

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 — redis-py's
        """Send AUTH and SELECT, in what is left of the time-out."""
        server: Any = self._sock
        server.settimeout(max(self._ready_by - time.monotonic(), _LEAST_SECONDS))
        super().on_connect_check_health(check_health)
        server.settimeout(self._seconds)

    def _connect(self) -> socket.socket:
        if self.credential_provider is not None:
            # The first IAM token takes 0.1 s to make, which is not the server's.
            self.credential_provider.get_credentials()
        self._ready_by = time.monotonic() + self._seconds
        return _within(self._seconds, self._open)

    def _open(self) -> socket.socket:
        try:
            plain: socket.socket = super()._connect()  # type: ignore[no-untyped-call] # redis-py's
        except UnicodeError as error:  # of a name that no resolver takes
            raise OSError("invalid host name") from error
        return self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain


def connector(settings: Settings) -> Callable[[str, int], redis.Redis]:
    """Return what makes a client of a server; the clients share what is slow to make."""
    options: dict[str, Any] = {
        "seconds": settings.redis_timeout_seconds,
        "tls": _tls(settings),
        "db": settings.redis_db,
        "credential_provider": _credentials(settings),
        "retry": Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        "protocol": 2,  # without HELLO, CLIENT SETINFO and their round trips
        "driver_info": None,
        "max_connections": _UNLIMITED,
    }

    def client_of(host: str, port: int) -> redis.Redis:
        pool = redis.ConnectionPool(Connection, host=host, port=port, **options)
        return redis.Redis.from_pool(pool)

    return client_of


def _within(seconds: float, call: Callable[[], _T]) -> _T:
    """
    Return what `call` returns; raise `TimeoutError` after `seconds`, whatever it does then.

    No time-out of Python's covers the look-up of a name: a resolver may take 10 s to give up.
    """
    ready_by = time.monotonic() + seconds
    if not _STARTING.acquire(timeout=seconds):
        raise TimeoutError("too many connections are being made")
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 — the caller raises it
            future.set_exception(error)
        finally:
            _STARTING.release()

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError as error:  # the system has no thread left
        _STARTING.release()
        raise OSError("no thread to connect in") from error
    return future.result(max(ready_by - time.monotonic(), 0))


def _credentials(settings: Settings) -> redis.CredentialProvider | None:
    user, password = settings.redis_username, settings.redis_password
    if settings.redis_iam_cache and user:
        return IamCredentials(settings.redis_iam_cache, user)
    if user or password:
        return redis.UsernamePasswordCredentialProvider(user, password)
    return None


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """One for all connections: making it takes 36 ms. It checks certificate and host name."""
    if not settings.redis_tls:
        return None
    import ssl

    return ssl.create_default_context(cafile=settings.redis_ca_file)
