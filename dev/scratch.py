"""A stack to use up: Valkey, the emulator, an empty table, the API, each on a port of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.config import Settings
from dev import environment
from dev.servers import Api, Emulator, Valkey
from dev.table import create_table


@contextmanager
def stack(logs: Path) -> Iterator[Api]:
    """Give the API, running; what the servers write goes to `logs`. Raise `StartFailed`."""
    with Valkey(log=logs / "valkey.log") as valkey, Emulator(log=logs / "aws.log") as aws:
        env = environment.of(valkey, aws, _of_the_machine())
        # The table is made by this process, and boto3 looks there for credentials.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.setdefault(name, env[name])
        create_table(Settings.from_env(env))
        with Api(env, log=logs / "api.log") as api:
            yield api


def _of_the_machine() -> dict[str, str]:
    """Return what programs need to run at all; no setting of a developer's shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
