"""
Makes a real server answer reads and refuse writes, in each way that Redis can.

    readonly     a primary that was demoted: READONLY
    noreplicas   fewer replicas than `min-replicas-to-write`: NOREPLICAS
    misconf      a failed snapshot, with `stop-writes-on-bgsave-error`: MISCONF
    noperm       a user without the right to write: NOPERM

The data does not change. The server must be started with `OPTIONS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import redis

OPTIONS: Final = {"--enable-protected-configs": "local"}
_TOO_LONG: Final = "x" * 300
"""No file system allows a name of this length, so every snapshot fails."""
_PATIENCE_SECONDS: Final = 10.0


class Cause(NamedTuple):
    """How to make Redis refuse writes and accept them again, and its error code meanwhile."""

    error: str
    begin: Callable[[redis.Redis], object]
    end: Callable[[redis.Redis], object]


def _fail_a_snapshot(client: redis.Redis) -> None:
    if not _has_failed(client):
        client.config_set("dbfilename", _TOO_LONG)
        client.bgsave()
    until = time.monotonic() + _PATIENCE_SECONDS
    while not _has_failed(client):
        if time.monotonic() > until:
            raise TimeoutError("the snapshot did not fail")
        time.sleep(0.01)
    client.config_set("save", "3600 1000000")


def _has_failed(client: redis.Redis) -> bool:
    """Return whether the last snapshot failed. Without `save` this alone refuses no writes."""
    return bool(client.info("persistence")["rdb_last_bgsave_status"] == "err")


CAUSES: Final = {
    "readonly": Cause(
        "READONLY",
        # There is no primary on port 1, so the data stays.
        begin=lambda client: client.replicaof("127.0.0.1", 1),
        end=lambda client: client.replicaof("NO", "ONE"),
    ),
    "noreplicas": Cause(
        "NOREPLICAS",
        begin=lambda client: client.config_set("min-replicas-to-write", 3),
        end=lambda client: client.config_set("min-replicas-to-write", 0),
    ),
    "misconf": Cause(
        "MISCONF",
        begin=_fail_a_snapshot,
        end=lambda client: client.config_set("save", ""),
    ),
    "noperm": Cause(
        "NOPERM",
        begin=lambda client: client.execute_command("ACL", "SETUSER", "default", "-@write"),
        end=lambda client: client.execute_command("ACL", "SETUSER", "default", "+@write"),
    ),
}
