"""A temporary stack on free ports: Valkey, the emulator, empty tables and the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack import environment
from dev.stack.programs import base_environment
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_tables


@contextmanager
def stack(logs: Path) -> Iterator[Api]:
    """Run the stack and yield its API. The servers log to `logs`. Raise `StartFailed`."""
    with Valkey(log=logs / "valkey.log") as valkey, Emulator(log=logs / "aws.log") as aws:
        env = environment.of(valkey, aws, base_environment())
        create_tables(aws.client("dynamodb"), env)
        with Api(env, log=logs / "api.log") as api:
            yield api
