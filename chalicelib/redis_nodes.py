"""
The nodes of a cluster: whom to ask for a key, and learning anew when keys have moved.

Knows no command but CLUSTER SLOTS. Each node has a circuit breaker of its own, so one that hangs
costs the keys of the others nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

from chalicelib.circuit_breaker import CircuitBreaker
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_client import Client, RedisStore
from chalicelib.redis_connection import Command, Refused
from chalicelib.redis_slots import Address, Redirection, SlotMap

_T = TypeVar("_T")

LEARN_SECONDS: Final = 1.0
"""No more often is it asked who has which keys, while that is in doubt."""


class Node(NamedTuple):
    """A server of the cluster, as far as we have asked it."""

    address: Address
    client: Client
    store: RedisStore


class Nodes:
    """Those that are known; at first the one that the settings name. Safe to share by threads."""

    def __init__(
        self,
        connect: Callable[[str, int], Client],
        seed: Address,
        clock: Callable[[], float] = time.monotonic,
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
            if _redirection(error, node) is None:
                self._doubt(node.address)
            raise

    def follow(self, node: Node, error: CacheUnavailable) -> Node:
        """Return where a key has gone (MOVED), or is going (ASK); else raise the error again."""
        told = _redirection(error, node)
        if told is None:
            raise error
        target = self._node(told.to)
        if told.for_good:
            self._learn(target)
            return target
        return target._replace(store=RedisStore(_Asking(target.client), CircuitBreaker()))

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


class _Asking:
    """Asks a server for a key that may have come to it before its slot has."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.disconnect = client.disconnect

    def ask(self, commands: Sequence[Command]) -> list[Any]:
        asked = [each for command in commands for each in (("ASKING",), command)]
        return self._client.ask(asked)[1::2]


def _redirection(error: CacheUnavailable, asked: Node) -> Redirection | None:
    """Return what the node that was asked has told, if it is not merely in trouble."""
    answer = error.__cause__
    return Redirection.of(str(answer), asked.address) if isinstance(answer, Refused) else None
