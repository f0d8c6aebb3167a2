"""
The API processes: `python -m dev.server`. Settings, app, warm-up, then requests till SIGTERM.

Each worker is what a container of the Lambda is: its own connections, its own circuit breaker.
Needs Redis and DynamoDB to be named by the settings, not to be up.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from typing import Final, NoReturn

from chalice.app import Chalice
from chalice.local import CustomLocalChalice, LocalChalice

from chalicelib import wiring
from chalicelib.config import SettingsError
from dev import hosts, workers
from dev.connection import Connection, Patience
from dev.gateway import Gateway
from dev.output import Log, Output

WORKERS: Final = 2
_BACKLOG: Final = 256
_PASSING: Final = (errno.EMFILE, errno.ENFILE, errno.ECONNABORTED)
_FULL_SECONDS: Final = 0.05
_GARBAGE: Final = 10_000
"""Objects between two looks for garbage. Python 3.11's 700 cost a hit up to 3 %."""
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def main() -> str | None:
    """Serve; return what stops it."""
    sys.stdout = output = Output()
    for number in _ENDING:
        signal.signal(number, partial(_end, output))
    try:
        settings = wiring.container().settings
        listener = socket.create_server((settings.api_host, settings.api_port), backlog=_BACKLOG)
    except SettingsError as error:
        return str(error)
    except OSError as error:
        return f"Cannot listen on {settings.api_host}:{settings.api_port}: {error.strerror}"
    work = partial(serve, listener, load_app(), output, log_to(output))
    return workers.run(work, WORKERS, output.finish)


def load_app() -> Chalice:
    """Return our app, each thread with a request of its own; with Pydantic, which it needs late."""
    from app import app
    from chalicelib import models  # noqa: F401

    # As chalice.local.create_local_server has it.
    CustomLocalChalice.__bases__ = (LocalChalice, Chalice)
    app.__class__ = CustomLocalChalice
    return app


def log_to(output: Output) -> Log:
    """Return what the app's log is written by from now on, as the settings want it worded."""
    log, facts = Log(output), logging.getLogger("catalog")
    log.setFormatter(facts.handlers[0].formatter)
    facts.handlers = [log]
    return log


def serve(listener: socket.socket, app: Chalice, output: Output, log: Log) -> NoReturn:
    """Answer everybody who connects, each in a thread of its own."""
    output.start()
    gateway = Gateway(app, only_local=hosts.is_local(wiring.container().settings.api_host))
    warm_up()
    gc.freeze()  # what is there stays, and is not gone through again
    gc.set_threshold(_GARBAGE)
    while True:
        client = accepted(listener)
        connection = Connection(client, gateway, Patience(), log)
        threading.Thread(target=connection.serve, daemon=True).start()


def accepted(listener: socket.socket) -> socket.socket:
    """Return the next client; where no descriptor is left for one, once another has gone."""
    while True:
        try:
            return listener.accept()[0]
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        time.sleep(_FULL_SECONDS)


def warm_up() -> None:
    """Do what the first requests would wait for: load botocore's client."""
    container = wiring.container()
    _ = container.catalog, container.repository


def _end(output: Output, _number: int, _frame: object) -> NoReturn:
    """End without an orderly exit: a thread that still logs would hold it up, or break it."""
    output.finish()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
