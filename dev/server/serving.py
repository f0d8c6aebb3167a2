"""
Runs the API under gunicorn: the sockets, the worker processes, their threads, the stop.

Each worker is what a container of the Lambda is: it has connections and a circuit breaker of its
own. Redis and DynamoDB must be set, not reachable.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Sequence
from typing import Any, Final

from chalice.app import Chalice
from chalice.local import CustomLocalChalice, LocalChalice
from gunicorn.app.base import BaseApplication

from chalicelib import wiring
from chalicelib.config import SettingsError
from dev.hosts import AllowedHosts
from dev.server import listeners
from dev.server.gateway import Gateway

_OPTIONS: Final = {
    "worker_class": "gthread",
    "workers": 2,
    "threads": 256,  # started as needed; a client that sends slowly holds one
    "keepalive": 75,  # seconds; clients keep idle connections about as long
    "graceful_timeout": 3,  # seconds to finish requests after SIGTERM
    "limit_request_line": 8190,  # the maximum
    "forwarded_allow_ips": "",  # no proxy is in front
    "control_socket_disable": True,
    "loglevel": "warning",
}
_GARBAGE: Final = 10_000
"""Allocations between two garbage collections: Python 3.11's default of 700 slows down hits."""


def serve() -> str | None:
    """Serve until SIGTERM or SIGINT, which end the process; return why it cannot start."""
    try:
        settings = wiring.container().settings
        sockets = listeners.listen(settings.api_host, settings.api_port)
    except SettingsError as error:
        return str(error)
    except listeners.ListenFailed as failure:
        return f"Cannot listen on {settings.api_host}:{settings.api_port}: {failure}"
    hosts = AllowedHosts(settings.api_host, *settings.api_allowed_hosts)
    _Server(Gateway(load_app(), hosts), sockets).run()
    return None


def load_app() -> Chalice:
    """Return the app with a current request for each thread, as `chalice local` does it."""
    from app import app
    from chalicelib import models  # noqa: F401 — imported by the first write otherwise

    CustomLocalChalice.__bases__ = (LocalChalice, Chalice)
    app.__class__ = CustomLocalChalice
    return app


class _Server(BaseApplication):
    """gunicorn, with our options and sockets."""

    def __init__(self, gateway: Gateway, sockets: Sequence[socket.socket]) -> None:
        self._gateway = gateway
        self._sockets = sockets
        super().__init__()

    def load_config(self) -> None:
        """Set the options. gunicorn's command line, files and `GUNICORN_CMD_ARGS` are not read."""
        for name, value in _OPTIONS.items():
            self.cfg.set(name, value)
        self.cfg.set("bind", [f"fd://{each.detach()}" for each in self._sockets])
        self.cfg.set("post_worker_init", _warm_up)

    def load(self) -> Gateway:
        """Return the WSGI application."""
        return self._gateway


def _warm_up(_worker: Any) -> None:
    """
    Build what the first requests would build, before there are threads.

    boto3's client is made by its default session, which is not safe to use from several threads.
    """
    container = wiring.container()
    _ = container.catalog, container.repository
    gc.freeze()
    gc.set_threshold(_GARBAGE)
