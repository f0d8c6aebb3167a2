"""Which node of a cluster has which keys, as CLUSTER SLOTS tells it. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from redis.crc import key_slot


class Address(NamedTuple):
    """Where a node listens."""

    host: str
    port: int


class _Range(NamedTuple):
    first: int
    last: int
    primary: Address


class SlotMap:
    """One answer to CLUSTER SLOTS, of the node `told_by`; without rows, nothing is known."""

    def __init__(self, rows: Iterable[Sequence[Any]] = (), told_by: Address | None = None) -> None:
        self._ranges: list[_Range] = []
        nodes: dict[Address, None] = {}
        for first, last, *told in rows:
            shard = [_address(each, told_by) for each in told]
            nodes |= dict.fromkeys(shard)
            self._ranges.append(_Range(first, last, shard[0]))
        self.nodes = tuple(nodes)
        self.primaries = tuple(dict.fromkeys(each.primary for each in self._ranges))

    def primary_of(self, key: str) -> Address | None:
        """Return who has the key, where that is known."""
        slot = key_slot(key.encode())
        for first, last, primary in self._ranges:
            if first <= slot <= last:
                return primary
        return None


def _address(told: Sequence[Any], told_by: Address | None) -> Address:
    """Return where a node is. One that does not know its own name is where we have reached it."""
    host = (told[0] or b"").decode()
    if host in ("", "?") and told_by:
        host = told_by.host
    return Address(host, told[1])
