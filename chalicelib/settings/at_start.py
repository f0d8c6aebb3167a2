"""
The start of `app.py`, on Lambda or in Chalice's command line: settings, or what stops it.

Chalice's `local` and `deploy` import `app.py`, and a person reads the message, so it is short.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Final, NoReturn

from chalicelib.settings.model import LOCAL, Settings, SettingsError

_FOR_OTHER_STAGES: Final = ("deploy", "package")
_COMMANDS: Final = ("local", *_FOR_OTHER_STAGES)
_WHAT_TO_TYPE: Final = (
    "To run it here type `make services`, then `chalice local --stage local`; "
    "to deploy it, `make deploy STAGE=dev` or `make chalice-deploy STAGE=dev`."
)
_NO_SERVICES: Final = "No services run here yet: type `make services` in another terminal first."
_NOT_DEPLOYED: Final = (
    "The stage `local` is for `chalice local` alone: its addresses are this machine's. "
    "Type `make deploy STAGE=dev` or `make chalice-deploy STAGE=dev`."
)


def settings() -> Settings:
    """Return them. On Lambda raise `SettingsError`, which its log then has; else end."""
    try:
        found = Settings.from_env(os.environ)
    except SettingsError as error:
        if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            raise
        _end(f"{error}\n{_WHAT_TO_TYPE}")
    if "AWS_CHALICE_CLI_MODE" in os.environ and os.environ.get("STAGE") == LOCAL:
        _check_command(next((word for word in sys.argv if word in _COMMANDS), ""))
    return found


def _check_command(command: str) -> None:
    """End where Chalice's command is not for the stage `local`, or where it comes too early."""
    if command in _FOR_OTHER_STAGES:
        _end(_NOT_DEPLOYED)
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    if command == "local" and credentials and not Path(credentials).exists():
        _end(_NO_SERVICES)


def _end(text: str) -> NoReturn:
    """End the process: `chalice local` imports the app in a thread, which would end alone."""
    if threading.current_thread() is threading.main_thread():
        raise SystemExit(text)
    print(text, file=sys.stderr, flush=True)  # noqa: T201 — people read it, and no log is set up
    os._exit(1)
