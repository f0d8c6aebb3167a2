"""
A cluster as one store: each command goes to the node of its key. Knows only the commands.

`redis.RedisCluster` can do more, and takes seconds when a node hangs: `docs/decisions/0020`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.nodes import Node, Nodes
from chalicelib.redis_store.store import CHECK_SCRIPT, Command, RedisStore, batches_of

_T = TypeVar("_T")
_Question = Callable[[RedisStore, Sequence[str]], Sequence[_T]]
"""A command to a node for some of its keys: returns an answer for each."""


class ClusterStore:
    """
    As `RedisStore`, over many. A call waits for one time-out, and once a second for one more.

    A call for many keys takes a round trip a node, one after the other; `batches` has keys of one.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def get(self, key: str) -> bytes | None:
        """As `RedisStore.get`."""
        return self.get_many([key])[0]

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """As `RedisStore.add`."""
        return dict(self._ask([key], _adding({key: value}, ttl_ms)))[key]

    def run(self, script: str, key: str, *args: bytes | str | int) -> int:
        """As `RedisStore.run`."""
        return self.run_many(script, [(key, *args)])[0]

    def batches(self, keys: Sequence[str]) -> Sequence[Sequence[Sequence[str]]]:
        """As `RedisStore.batches`, for each node."""
        groups: dict[Node | None, list[str]] = {}
        for key in keys:
            groups.setdefault(self._node_of(key), []).append(key)
        return [batches_of(own) for own in groups.values()]

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """As `RedisStore.get_many`."""
        found = dict(self._ask(keys, RedisStore.get_many, reads=True))
        return [found[key] for key in keys]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """As `RedisStore.add_many`; from the first node that fails on, nothing is added."""
        added = dict.fromkeys(values, False)
        with suppress(CacheUnavailable):
            added.update(self._ask(list(values), _adding(values, ttl_ms)))
        return list(added.values())

    def run_many(self, script: str, calls: Sequence[Command]) -> Sequence[int]:
        """As `RedisStore.run_many`. Every node is tried before it raises."""
        by_key = {str(call[0]): call for call in calls}
        answers: dict[str, int] = {}
        failure: CacheUnavailable | None = None
        for keys in self._by_node(list(by_key), reads=False).values():
            try:
                answers.update(self._ask(keys, _running(script, by_key)))
            except CacheUnavailable as error:
                failure = error
        if failure is not None:
            raise failure
        return [answers[key] for key in by_key]

    def check(self, key: str) -> None:
        """As `RedisStore.check`, on a key that begins with `key` of each node that has keys."""
        self.run_many(CHECK_SCRIPT, [(each,) for each in self._nodes.a_key_of_each(key)])

    def _ask(
        self,
        keys: Sequence[str],
        question: _Question[_T],
        *,
        reads: bool = False,
    ) -> Iterator[tuple[str, _T]]:
        """Ask each node about its keys. Follow one redirection of each key."""
        for node, own in self._by_node(keys, reads=reads).items():
            try:
                answers = self._nodes.ask(node, partial(_ask_about, own, question))
            except CacheUnavailable as error:
                target = self._nodes.follow(node, error)
                if len(own) > 1:  # the others may be elsewhere
                    for key in own:
                        yield from self._ask([key], question, reads=reads)
                    continue
                answers = self._nodes.ask(target, partial(_ask_about, own, question))
            yield from zip(own, answers, strict=True)

    def _node_of(self, key: str) -> Node | None:
        with suppress(CacheUnavailable):
            return self._nodes.node_for(key, reads=True)
        return None

    def _by_node(self, keys: Sequence[str], *, reads: bool) -> dict[Node, list[str]]:
        groups: dict[Node, list[str]] = {}
        for key in keys:
            groups.setdefault(self._nodes.node_for(key, reads=reads), []).append(key)
        return groups


def _ask_about(keys: Sequence[str], question: _Question[_T], store: RedisStore) -> Sequence[_T]:
    return question(store, keys)


def _adding(values: Mapping[str, bytes], ttl_ms: int) -> _Question[bool]:
    return lambda store, keys: store.add_many({key: values[key] for key in keys}, ttl_ms)


def _running(script: str, calls: Mapping[str, Command]) -> _Question[int]:
    return lambda store, keys: store.run_many(script, [calls[key] for key in keys])
