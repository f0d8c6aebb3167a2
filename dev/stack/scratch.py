"""A stack to use up: Valkey, the emulator, empty tables, the API, each on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack import environment
from dev.stack.programs import of_the_machine
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_tables


@contextmanager
def stack(logs: Path) -> Iterator[Api]:
    """Give the API, running; what the servers write goes to `logs`. Raise `StartFailed`."""
    with Valkey(log=logs / "valkey.log") as valkey, Emulator(log=logs / "aws.log") as aws:
        env = environment.of(valkey, aws, of_the_machine())
        create_tables(aws.client("dynamodb"), env)
        with Api(env, log=logs / "api.log") as api:
            yield api
