"""
Runs the API under gunicorn: sockets, worker processes, threads.

Each worker corresponds to one Lambda container, with its own connections and circuit breaker. Redis
and DynamoDB must be configured; they need not be reachable.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError
from chalice.app import Chalice
from chalice.local import CustomLocalChalice, LocalChalice
from gunicorn.app.base import BaseApplication

from chalicelib.bootstrap import Container, create_app
from chalicelib.settings import Settings, SettingsError
from dev.server import listeners
from dev.server.gateway import Gateway
from dev.server.hosts import AllowedHosts

WORKERS: Final = 4
"""
Each keeps the connections that it accepted, and the kernel hands them out unevenly: of two
workers one sometimes had all.
"""
_OPTIONS: Final = {
    "worker_class": "gthread",
    "workers": WORKERS,
    "threads": 256,  # started as needed; a request that arrives slowly occupies one
    "keepalive": 75,  # seconds
    "graceful_timeout": 3,  # seconds to finish requests after SIGTERM
    "limit_request_line": 8190,  # bytes, the maximum
    "forwarded_allow_ips": "",  # no proxy is in front
    "control_socket_disable": True,
    "loglevel": "warning",
}


def serve(replacement: Container | None = None) -> str | None:
    """
    Serve until SIGTERM or SIGINT, which end the process; return why it cannot start.

    By default it serves `app.py`, else an app over `replacement`.
    """
    try:
        settings = replacement.settings if replacement else Settings.from_env(os.environ)
        sockets = listeners.listen(settings.api_host, settings.api_port)
    except SettingsError as error:
        return str(error)
    except listeners.ListenFailed as failure:
        return f"Cannot listen on {settings.api_host}:{settings.api_port}: {failure}"
    hosts = AllowedHosts(settings.api_host, *settings.api_allowed_hosts)
    app, container = load_app(replacement)
    server = _Gunicorn(Gateway(app, hosts), sockets)
    try:
        container.import_all()  # once for all workers, and before they have threads
    except BotoCoreError as error:
        return f"AWS cannot be called: {error}"
    gc.freeze()  # what lives as long as the process is not searched for garbage when it ends
    server.run()
    return None


def load_app(replacement: Container | None = None) -> tuple[Chalice, Container]:
    """Return the app, changed as by `chalice local`: each thread has its current request."""
    import app as lambda_module

    app: Chalice = create_app(replacement) if replacement else lambda_module.app
    CustomLocalChalice.__bases__ = (LocalChalice, Chalice)
    app.__class__ = CustomLocalChalice
    return app, replacement or lambda_module.container


class _Gunicorn(BaseApplication):
    """gunicorn with the options and sockets of this module."""

    def __init__(self, gateway: Gateway, sockets: Sequence[socket.socket]) -> None:
        self._gateway = gateway
        self._addresses = [f"fd://{each.detach()}" for each in sockets]
        super().__init__()

    def load_config(self) -> None:
        """Set the options. gunicorn's command line, files and `GUNICORN_CMD_ARGS` are not read."""
        for name, value in _OPTIONS.items():
            self.cfg.set(name, value)
        self.cfg.set("bind", self._addresses)

    def load(self) -> Gateway:
        """Return the WSGI application."""
        return self._gateway
