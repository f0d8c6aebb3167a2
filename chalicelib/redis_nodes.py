"""
The nodes of a cluster: whom to ask for a key, and learning anew when keys have moved.

Knows no command but CLUSTER SLOTS. Each node has a circuit breaker of its own, so one that hangs
costs the keys of the others nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

import redis
from redis.exceptions import AskError, MovedError

from chalicelib.circuit_breaker import CircuitBreaker
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_client import RedisStore
from chalicelib.redis_connection import Connect
from chalicelib.redis_slots import Address, SlotMap

_T = TypeVar("_T")

LEARN_SECONDS: Final = 1.0
"""No more often is it asked who has which keys, while that is in doubt."""


class Node(NamedTuple):
    """A server of the cluster, as far as we have asked it."""

    address: Address
    client: redis.Redis
    store: RedisStore


class Nodes:
    """Those that are known; at first the one that the settings name. Safe to share by threads."""

    def __init__(
        self, connect: Connect, seed: Address, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._seed = seed
        self._clock = clock
        self._nodes: dict[Address, Node] = {}
        self._map = SlotMap()
        self._sources: tuple[Address, ...] = (
            seed,
        )  # whom to ask for the map; who failed last stands last
        self._in_doubt = True
        self._learn_at = clock()

    def of(self, key: str, *, reads: bool) -> Node:
        """Return who has a key. Raise `CacheUnavailable` where that cannot be learnt."""
        if self._in_doubt and self._may_learn(reads=reads):
            with suppress(CacheUnavailable):
                self._learn(self._node(self._sources[0]))
        address = self._map.primary_of(key)
        if address is None:
            raise CacheUnavailable("nobody has told who has the key")
        return self._node(address)

    def primaries(self) -> list[Node]:
        """Return all that have keys, as was last learnt."""
        return [self._node(address) for address in self._map.primaries]

    def ask(self, node: Node, question: Callable[[RedisStore], _T]) -> _T:
        """Ask one node. If it fails, its keys may have gone to another: a failover."""
        try:
            return question(node.store)
        except CacheUnavailable as error:
            if not isinstance(error.__cause__, AskError):
                self._doubt(node.address)
            raise

    def follow(self, node: Node, error: CacheUnavailable) -> Node:
        """Return where a key has gone (MOVED), or is going (ASK); else raise the error again."""
        to = error.__cause__
        if not isinstance(to, AskError):
            raise error
        target = self._node(Address(to.host or node.address.host, to.port))
        if isinstance(to, MovedError):
            self._learn(target)
            return target
        asking = _Asking(connection_pool=target.client.connection_pool)
        return target._replace(store=RedisStore(asking, CircuitBreaker()))

    def _may_learn(self, *, reads: bool) -> bool:
        """Not again at once; but a write without any map always tries, as writes do."""
        now = self._clock()
        if now < self._learn_at and (reads or self._map.nodes):
            return False
        self._learn_at = now + LEARN_SECONDS
        return True

    def _learn(self, source: Node) -> None:
        rows: Any = self.ask(source, RedisStore.slots)
        self._map = SlotMap(rows, source.address)
        self._sources = (*self._map.nodes, self._seed)
        known = dict(self._nodes)  # a copy: another thread may add to it
        self._nodes = {each: node for each, node in known.items() if each in self._sources}
        self._in_doubt = False

    def _doubt(self, failed: Address) -> None:
        self._sources = (*(each for each in self._sources if each != failed), failed)
        self._in_doubt = True

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is None:
            client = self._connect(*address)
            node = Node(address, client, RedisStore(client, CircuitBreaker()))
            self._nodes[address] = node
        return node


class _Asking(redis.Redis):
    """Asks a server for a key that may have come to it before its slot has."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        pipeline = self.pipeline(transaction=False)
        pipeline.execute_command("ASKING")
        pipeline.execute_command(*args, **options)
        return pipeline.execute()[1]
