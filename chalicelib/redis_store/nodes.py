"""
The nodes of a cluster: which one to ask for a key, and when to ask again which has what.

Sends no command but CLUSTER SLOTS. Each node has a circuit breaker of its own, so one that hangs
costs the keys of the others nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

import redis
from redis.exceptions import AskError, MovedError

from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.slots import Address, SlotMap, target_of
from chalicelib.redis_store.store import RedisStore

_T = TypeVar("_T")

LEARN_SECONDS: Final = 1.0
"""The least time between two requests for the map of slots, while it is known to be outdated."""


class Node(NamedTuple):
    """A server of the cluster."""

    address: Address
    client: redis.Redis
    store: RedisStore


class Nodes:
    """The known nodes; at first the one that the settings name. Safe to share between threads."""

    def __init__(
        self,
        client_of: Callable[[str, int], redis.Redis],
        seed: Address,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client_of = client_of
        self._seed = seed
        self._clock = clock
        self._nodes: dict[Address, Node] = {}
        self._map: SlotMap | None = None
        self._sources: tuple[Address, ...] = (seed,)  # to ask for the map; failed ones come last
        self._in_doubt = True
        self._learn_at = clock()

    def node_for(self, key: str, *, reads: bool) -> Node:
        """Return the node that has a key. Raise `CacheUnavailable` where none is known to."""
        address = self._current_map(reads=reads).primary_of(key)
        if address is None:
            raise CacheUnavailable("no node has the key")
        return self._node(address)

    def a_key_of_each(self, prefix: str) -> Sequence[str]:
        """Return, for each node that has keys, one that begins with `prefix`."""
        return self._current_map(reads=False).a_key_of_each(prefix)

    def ask(self, node: Node, question: Callable[[RedisStore], _T]) -> _T:
        """Ask one node. Where it fails, its keys may have gone to another: a failover."""
        try:
            return question(node.store)
        except CacheUnavailable as error:
            if not isinstance(error.__cause__, AskError):
                self._doubt(node.address)
            raise

    def follow(self, node: Node, error: CacheUnavailable) -> Node:
        """Return the node that a redirection names. Raise an error that is none."""
        redirection = error.__cause__
        if not isinstance(redirection, AskError):
            raise error
        target = self._node(target_of(redirection, node.address))
        if isinstance(redirection, MovedError):
            self._learn(target)
            return target
        return target._replace(store=RedisStore(target.client, asking=True))

    def _current_map(self, *, reads: bool) -> SlotMap:
        if self._in_doubt and self._may_learn(reads=reads):
            with suppress(CacheUnavailable):
                self._learn(self._node(self._sources[0]))
        if self._map is None:
            raise CacheUnavailable("no node has returned its slots")
        return self._map

    def _may_learn(self, *, reads: bool) -> bool:
        """Return whether it is time to ask again. A write without any map always may."""
        now = self._clock()
        if now < self._learn_at and (reads or self._map):
            return False
        self._learn_at = now + LEARN_SECONDS
        return True

    def _learn(self, source: Node) -> None:
        learned = SlotMap(self.ask(source, RedisStore.slots), source.address)
        self._map = learned
        self._sources = (*learned.nodes, self._seed)
        known = dict(self._nodes)  # a copy: another thread may add to it
        self._nodes = {each: node for each, node in known.items() if each in self._sources}
        self._in_doubt = False

    def _doubt(self, failed: Address) -> None:
        self._sources = (*(each for each in self._sources if each != failed), failed)
        self._in_doubt = True

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is None:
            client = self._client_of(*address)
            node = self._nodes[address] = Node(address, client, RedisStore(client))
        return node
