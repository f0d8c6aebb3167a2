"""
Which node of a cluster has which keys, from CLUSTER SLOTS and redirections. Sends nothing.

https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

from typing import Any, NamedTuple

from redis.cluster import parse_cluster_slots
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError


class Address(NamedTuple):
    """Where a node listens."""

    host: str
    port: int


class SlotMap:
    """An answer to CLUSTER SLOTS, given by the node `source`."""

    def __init__(self, rows: Any, source: Address) -> None:
        self._owners: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self.primaries: set[Address] = set()
        nodes: dict[Address, None] = {}
        for (first, last), shard in parse_cluster_slots(rows).items():
            listed = [shard["primary"], *shard["replicas"]]
            addresses = [_address(host, port, source) for host, port in listed]
            nodes |= dict.fromkeys(addresses)
            self.primaries.add(addresses[0])
            self._owners[first : last + 1] = [addresses[0]] * (last + 1 - first)
        self.nodes = tuple(nodes)

    def primary_of(self, key: str) -> Address | None:
        """Return the node that has the key, if one has its slot."""
        return self._owners[key_slot(key.encode())]

    def a_key_of_each(self, prefix: str) -> list[str]:
        """Return, for each primary, a key that begins with `prefix` and belongs to it."""
        keys: dict[Address | None, str] = {}
        for n in range(REDIS_CLUSTER_HASH_SLOTS):
            key = f"{prefix}:{n}"
            keys.setdefault(self.primary_of(key), key)
            if keys.keys() >= self.primaries:
                break
        return [key for owner, key in keys.items() if owner]


def target_of(redirection: AskError, source: Address) -> Address:
    """Return the node that `source` names in MOVED or ASK."""
    return _address(redirection.host, redirection.port, source)


def _address(host: str | None, port: int, source: Address) -> Address:
    """Return where a node is. One that does not know its own name is where it was asked."""
    return Address(source.host if host in (None, "", "?") else host, port)
