"""
The system under test: Valkey, DynamoDB's emulator, a proxy in front of each, and the API.

    API ── Redis proxy ── Valkey
     └──── DynamoDB proxy ── emulator ── stream feed ── Redis proxy

Each part is an attribute, for faults and checks. All parts stop at the end of the `with` block.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

import redis

from dev.faults import refusing
from dev.faults.dynamodb_proxy import DynamoDBProxy
from dev.faults.proxy import ProxyProcess
from dev.faults.redis_proxy import RedisProxy
from dev.stack import environment
from dev.stack.servers import Api, Emulator, StreamFeed, Valkey
from dev.stack.table import create_tables

SERVERS: Final = {"catalog": "dev.server", "naive": "dev.faults.naive_server"}
"""The module that serves each API under test."""

_NOWHERE: Final = Path(os.devnull)


class _Proxies(ProxyProcess):
    redis: Callable[[int], RedisProxy]
    dynamodb: Callable[[int], DynamoDBProxy]


_Proxies.register("redis", RedisProxy)
_Proxies.register("dynamodb", DynamoDBProxy)


class FaultRig:
    """
    A complete stack on free ports.

    The naive server has no stream feed. Without `redis_faults` the API connects to Valkey directly:
    the proxy is slower when fifty clients connect at once.
    """

    def __init__(
        self,
        server: str = "catalog",
        *,
        stream: bool = True,
        redis_faults: bool = True,
        **env: str,
    ) -> None:
        self._module = SERVERS[server]
        self._env = env
        self._redis_faults = redis_faults
        self._streams = stream and server != "naive"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start all parts. If one fails, stop the others."""
        with self._stack as starting:
            self.valkey = starting.enter_context(Valkey(log=_NOWHERE, options=refusing.OPTIONS))
            self.emulator = starting.enter_context(Emulator(log=_NOWHERE))
            proxies = starting.enter_context(_Proxies())
            self.redis_proxy = proxies.redis(self.valkey.port)
            self.dynamodb_proxy = proxies.dynamodb(self.emulator.port)
            create_tables(self.dynamodb, self.environment())
            self.api = starting.enter_context(Api(self.environment(), self._module, _NOWHERE))
            if self._streams:
                env = {**self.environment(), "AWS_ENDPOINT_URL": self.emulator.url}
                starting.enter_context(StreamFeed(env, _NOWHERE))
            self._stack = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all parts."""
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """Return the settings of an API that uses the proxies."""
        redis_port = self.redis_proxy.port() if self._redis_faults else self.valkey.port
        return {
            **environment.of(self.valkey, self.emulator),
            "REDIS_PORT": str(redis_port),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.dynamodb_proxy.port()}",
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
