"""
The system under test: Valkey, DynamoDB's emulator, a proxy before each, and the API behind both.

    API ── Redis proxy ── Valkey
     └──── DynamoDB proxy ── emulator ── stream feed ── Redis proxy

Faults and checks reach each part by its own name. Nothing outlives the `with` block.
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
from dev.stack.servers import Api, Emulator, Stream, Valkey
from dev.stack.table import create_tables

SERVERS: Final = {"catalog": "dev.server", "naive": "tests.protocol.naive_server"}
"""What may be tested, and the module that serves it."""

_NOWHERE: Final = Path(os.devnull)


class Rig:
    """
    One stack of its own, on free ports.

    The usual cache-aside gets no stream feed: it has none. Without `redis_faults`, Valkey is
    reached past the proxy, which is slower than Valkey where fifty connect at once.
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
        """Start it all, or nothing."""
        with self._stack:
            self.valkey = self._stack.enter_context(Valkey(log=_NOWHERE, options=refusing.OPTIONS))
            self.emulator = self._stack.enter_context(Emulator(log=_NOWHERE))
            self.redis_proxy = self._proxy("redis_proxy", self.valkey.port)
            self.dynamodb_proxy = self._proxy("dynamodb_proxy", self.emulator.port)
            create_tables(self.dynamodb, self.environment())
            self.api = self._stack.enter_context(Api(self.environment(), self._module, self._log))
            if self._streams:
                self.stream = self._stack.enter_context(
                    Stream(self._past_dynamodb_proxy(), _NOWHERE)
                )
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End it all."""
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """Return the settings of an API behind the proxies."""
        return {
            **environment.of(self.valkey, self.emulator),
            "REDIS_PORT": str((self.redis_proxy if self._redis_faults else self.valkey).port),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.dynamodb_proxy.port}",
            "LOG_LEVEL": "WARNING",
            **self._env,
        }

    @property
    def redis(self) -> redis.Redis:
        """Valkey, past the proxy."""
        return redis.Redis(port=self.valkey.port, socket_timeout=5)

    @property
    def dynamodb(self) -> Any:
        """DynamoDB, past the proxy."""
        return self.emulator.client("dynamodb")

    def _proxy(self, name: str, upstream: int) -> Remote:
        return self._stack.enter_context(Remote(f"dev.faults.{name}", upstream))

    def _past_dynamodb_proxy(self) -> dict[str, str]:
        return {**self.environment(), "AWS_ENDPOINT_URL": self.emulator.url}
