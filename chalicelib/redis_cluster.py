"""
A cluster as one store: each key is asked of the node that has it. Knows the commands alone.

`redis.RedisCluster` can do more, and takes seconds when a node hangs: `docs/decisions/0011`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from chalicelib.errors import CacheUnavailable
from chalicelib.redis_client import RedisStore
from chalicelib.redis_nodes import Node, Nodes

_T = TypeVar("_T")


class ClusterStore:
    """
    As `RedisStore`, over many. A call waits for one time-out, and once a second for one more.

    Calls for many keys take a round trip a node, one after the other.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def get(self, key: str) -> bytes | None:
        """As `RedisStore.get`."""
        return self._ask(key, lambda store: store.get(key), reads=True)

    def add(self, key: str, value: bytes, ttl_ms: int) -> bool:
        """As `RedisStore.add`."""
        return self._ask(key, lambda store: store.add(key, value, ttl_ms))

    def run(self, script: str, key: str, *args: bytes | str | int) -> int:
        """As `RedisStore.run`."""
        return self._ask(key, lambda store: store.run(script, key, *args))

    def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """As `RedisStore.get_many`."""
        found = dict(self._ask_each(keys, RedisStore.get_many, reads=True))
        return [found[key] for key in keys]

    def add_many(self, values: Mapping[str, bytes], ttl_ms: int) -> Sequence[bool]:
        """As `RedisStore.add_many`; from the first node in trouble on, nothing is added."""

        def add(store: RedisStore, keys: Sequence[str]) -> Sequence[bool]:
            return store.add_many({key: values[key] for key in keys}, ttl_ms)

        added = dict.fromkeys(values, False)
        with suppress(CacheUnavailable):
            added.update(self._ask_each(list(values), add))
        return list(added.values())

    def run_many(
        self, script: str, calls: Sequence[tuple[str | bytes | int, ...]]
    ) -> Sequence[int]:
        """As `RedisStore.run_many`. Every node is tried before it raises."""
        by_key = {str(call[0]): call for call in calls}
        answers: dict[str, int] = {}
        failure: CacheUnavailable | None = None

        def run(store: RedisStore, keys: Sequence[str]) -> Sequence[int]:
            return store.run_many(script, [by_key[key] for key in keys])

        for keys in self._by_node(list(by_key), reads=False).values():
            try:
                answers.update(self._ask_each(keys, run))
            except CacheUnavailable as error:
                failure = error
        if failure is not None:
            raise failure
        return [answers[key] for key in by_key]

    def ping(self) -> None:
        """Raise `CacheUnavailable` where one of those that have keys does not answer."""
        self._nodes.of("", reads=False)
        for node in self._nodes.primaries():
            self._nodes.ask(node, RedisStore.ping)

    def _ask(self, key: str, question: Callable[[RedisStore], _T], *, reads: bool = False) -> _T:
        node = self._nodes.of(key, reads=reads)
        try:
            return self._nodes.ask(node, question)
        except CacheUnavailable as error:
            return self._nodes.ask(self._nodes.follow(node, error), question)

    def _ask_each(
        self,
        keys: Sequence[str],
        question: Callable[[RedisStore, Sequence[str]], Sequence[_T]],
        *,
        reads: bool = False,
        follows: bool = True,
    ) -> Iterator[tuple[str, _T]]:
        """Ask each node for its keys, and, where they have moved, once more for those."""
        for node, own in self._by_node(keys, reads=reads).items():
            try:
                answers = self._nodes.ask(node, partial(_about, own, question))
            except CacheUnavailable as error:
                if not follows:
                    raise
                self._nodes.follow(node, error)
                yield from self._ask_each(own, question, reads=reads, follows=False)
            else:
                yield from zip(own, answers, strict=True)

    def _by_node(self, keys: Sequence[str], *, reads: bool) -> dict[Node, list[str]]:
        groups: dict[Node, list[str]] = {}
        for key in keys:
            groups.setdefault(self._nodes.of(key, reads=reads), []).append(key)
        return groups


def _about(
    keys: Sequence[str],
    question: Callable[[RedisStore, Sequence[str]], Sequence[_T]],
    store: RedisStore,
) -> Sequence[_T]:
    return question(store, keys)
