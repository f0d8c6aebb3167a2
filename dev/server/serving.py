"""
Runs the API under gunicorn: sockets, worker processes, threads.

Each worker stands for one Lambda container, with its own connections and circuit breaker. Redis and
DynamoDB must be configured; they need not be reachable.
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
    "threads": 256,  # started as needed; a request that arrives slowly occupies one
    "keepalive": 75,  # seconds
    "graceful_timeout": 3,  # seconds to finish requests after SIGTERM
    "limit_request_line": 8190,  # bytes, the maximum
    "forwarded_allow_ips": "",  # no proxy is in front
    "control_socket_disable": True,
    "loglevel": "warning",
}


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
    server = _Server(Gateway(load_app(), hosts), sockets)
    gc.freeze()  # what lives as long as the process is not searched for garbage when it ends
    server.run()
    return None


def load_app() -> Chalice:
    """Return the app, changed as `chalice local` does it: each thread has its current request."""
    from app import app

    CustomLocalChalice.__bases__ = (LocalChalice, Chalice)
    app.__class__ = CustomLocalChalice
    return app


class _Server(BaseApplication):
    """gunicorn, with our options and sockets."""

    def __init__(self, gateway: Gateway, sockets: Sequence[socket.socket]) -> None:
        self._gateway = gateway
        self._addresses = [f"fd://{each.detach()}" for each in sockets]
        super().__init__()

    def load_config(self) -> None:
        """Set the options. gunicorn's command line, files and `GUNICORN_CMD_ARGS` are not read."""
        for name, value in _OPTIONS.items():
            self.cfg.set(name, value)
        self.cfg.set("bind", self._addresses)
        self.cfg.set("post_worker_init", _warm_up)

    def load(self) -> Gateway:
        """Return the WSGI application."""
        return self._gateway


def _warm_up(_worker: Any) -> None:
    """
    Build the objects of the first requests before there are threads.

    botocore takes long to import and to make its client; the first requests do not wait for it.
    """
    wiring.import_all()
    gc.freeze()
