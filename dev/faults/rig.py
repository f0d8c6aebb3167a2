"""
The system under test: Valkey, DynamoDB's emulator, a proxy in front of each, and the API.

    API ── Redis proxy ── Valkey
     └──── DynamoDB proxy ── emulator ── stream feed ── Redis proxy

Each part is an attribute, for faults and checks. All parts stop at the end of the `with` block.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

import redis

from dev.faults import refusing
from dev.faults.remote import Remote
from dev.stack import environment
from dev.stack.servers import Api, Emulator, StreamFeed, Valkey
from dev.stack.table import create_tables

SERVERS: Final = {"catalog": "dev.server", "naive": "tests.protocol.naive_server"}
"""The module that serves each API under test."""

_NOWHERE: Final = Path(os.devnull)


class FaultRig:
    """
    A complete stack on free ports.

    The naive server has no stream feed. Without `redis_faults` the API connects to Valkey directly:
    the proxy is slower when fifty clients connect at once.
    """

    def __init__(
        self,
        server: str = "catalog",
        log: Path = _NOWHERE,
        *,
        stream: bool = True,
        redis_faults: bool = True,
        **env: str,
    ) -> None:
        self._module = SERVERS[server]
        self._log = log
        self._env = env
        self._redis_faults = redis_faults
        self._streams = stream and server != "naive"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start all parts. If one fails, stop the others."""
        with self._stack:
            self.valkey = self._stack.enter_context(Valkey(log=_NOWHERE, options=refusing.OPTIONS))
            self.emulator = self._stack.enter_context(Emulator(log=_NOWHERE))
            self.redis_proxy = self._proxy("redis_proxy", self.valkey.port)
            self.dynamodb_proxy = self._proxy("dynamodb_proxy", self.emulator.port)
            create_tables(self.dynamodb, self.environment())
            self.api = self._stack.enter_context(Api(self.environment(), self._module, self._log))
            if self._streams:
                self.stream = self._stack.enter_context(
                    StreamFeed(self._without_dynamodb_proxy(), _NOWHERE)
                )
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all parts."""
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """Return the settings of an API that uses the proxies."""
        return {
            **environment.of(self.valkey, self.emulator),
            "REDIS_PORT": str((self.redis_proxy if self._redis_faults else self.valkey).port),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.dynamodb_proxy.port}",
            "LOG_LEVEL": "WARNING",
            **self._env,
        }

    @property
    def redis(self) -> redis.Redis:
        """A client of Valkey, without the proxy."""
        return redis.Redis(port=self.valkey.port, socket_timeout=5)

    @property
    def dynamodb(self) -> Any:
        """A client of DynamoDB, without the proxy."""
        return self.emulator.client("dynamodb")

    def _proxy(self, name: str, upstream: int) -> Remote:
        return self._stack.enter_context(Remote(f"dev.faults.{name}", upstream))

    def _without_dynamodb_proxy(self) -> dict[str, str]:
        return {**self.environment(), "AWS_ENDPOINT_URL": self.emulator.url}
