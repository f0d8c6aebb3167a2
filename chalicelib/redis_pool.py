"""
The connections to a Redis server that are kept, and how the settings want them made.

Knows no command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalicelib.config import Settings
from chalicelib.redis_connection import Command, Connection, Credentials, Options

if TYPE_CHECKING:
    import ssl


class Pool:
    """
    Connections to one server, opened when needed: as many as threads ask at once.

    A question takes the connection that came back last. Not to be shared by forks.
    """

    def __init__(self, host: str, port: int, options: Options) -> None:
        self._host = host
        self._port = port
        self._options = options
        self._idle: list[Connection] = []  # whose `pop` and `append` no thread can cut in two

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        """As `Connection.ask`; where one that was kept is lost, once more, on a new one."""
        connection = self._lent()
        was_kept = connection.is_open
        if not was_kept:
            connection.close()
        try:
            return connection.ask(commands)
        except TimeoutError:
            raise  # the next would hang as long
        except OSError:
            if not was_kept:
                raise
            return connection.ask(commands)
        finally:
            self._idle.append(connection)

    def disconnect(self) -> None:
        """Close those that are idle. Others are in the midst of a question."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _lent(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return Connection(self._host, self._port, self._options)


def pool(settings: Settings) -> Pool:
    """Return connections to the settings' Redis."""
    return connector(settings)(settings.redis_host, settings.redis_port)


def connector(settings: Settings) -> Callable[[str, int], Pool]:
    """Return what connects to the nodes of one Redis; they share what is slow to make."""
    options = Options(
        seconds=settings.redis_timeout_seconds,
        database=settings.redis_db,
        tls=_tls(settings),
        credentials=_credentials(settings),
    )
    return lambda host, port: Pool(host, port, options)


def _credentials(settings: Settings) -> Credentials | None:
    user, password = settings.redis_username or "", settings.redis_password or ""
    if settings.redis_iam_cache and user:
        from chalicelib.redis_iam import IamToken

        return IamToken(settings.redis_iam_cache, user)
    return (lambda: (user, password)) if user or password else None


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """One for all connections: making it takes 36 ms. It checks certificate and host name."""
    if not settings.redis_tls:
        return None
    import ssl

    return ssl.create_default_context(cafile=settings.redis_ca_file)
