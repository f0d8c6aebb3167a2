"""
The API process: `python -m dev.server`. Settings, app, warm-up, then Chalice's server till SIGTERM.

Needs Redis and DynamoDB to be named by the settings, not to be up.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import CustomLocalChalice, LocalChalice, LocalDevServer

from chalicelib import wiring
from chalicelib.config import SettingsError
from dev.gateway import Connection, Listener

ROOT = Path(__file__).parent.parent


def main() -> str | None:
    """Serve; return what stops the start."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        settings = wiring.container().settings
        server = create_server(settings.api_host, settings.api_port)
    except SettingsError as error:
        return str(error)
    except OSError as error:
        return f"Cannot listen on {settings.api_host}:{settings.api_port}: {error.strerror}"
    warm_up()
    server.server.serve_forever()
    return None


def create_server(host: str, port: int) -> LocalDevServer:
    """Return Chalice's own server around our app, each thread with a request of its own."""
    from app import app

    # As chalice.local.create_local_server has it, which leaves no choice of the classes.
    CustomLocalChalice.__bases__ = (LocalChalice, Chalice)
    app.__class__ = CustomLocalChalice
    config = Config.create(project_dir=str(ROOT), chalice_app=app, lambda_timeout=15)
    return LocalDevServer(app, config, host, port, handler_cls=Connection, server_cls=Listener)


def warm_up() -> None:
    """Do what the first requests would wait for: import Pydantic, load botocore's client."""
    from chalicelib import models  # noqa: F401

    container = wiring.container()
    _ = container.catalog, container.repository


def _end(_number: int, _frame: object) -> NoReturn:
    """End at once: a thread that still logs would hold up an orderly exit, or break it."""
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
