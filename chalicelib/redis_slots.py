"""
Which node of a cluster has which keys, as CLUSTER SLOTS and redirections tell it. Asks nobody.

https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Self

REDIRECTIONS: Final = {"MOVED", "ASK"}
_SLOTS: Final = 16384


class Address(NamedTuple):
    """Where a node listens."""

    host: str
    port: int


class Redirection(NamedTuple):
    """What a node answers where another has the key."""

    to: Address
    for_good: bool
    """Whether the slot has moved; else it is about to, and this one key may have gone ahead."""

    @classmethod
    def of(cls, answer: str, told_by: Address) -> Self | None:
        """Read `MOVED 866 10.0.0.1:7001`, or `ASK` likewise; what is neither is no redirection."""
        kind, _, where = answer.partition(" ")
        if kind not in REDIRECTIONS:
            return None
        _, _, address = where.partition(" ")
        host, _, port = address.rpartition(":")
        if not port.isdecimal():
            return None
        return cls(Address(_host(host, told_by), int(port)), kind == "MOVED")


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
        slot = slot_of(key)
        for first, last, primary in self._ranges:
            if first <= slot <= last:
                return primary
        return None


def slot_of(key: str) -> int:
    """Return the slot of a key: a checksum of what its first braces hold, or of all of it."""
    _, _, behind = key.partition("{")
    tag, closed, _ = behind.partition("}")
    return crc_hqx((tag if tag and closed else key).encode(), 0) % _SLOTS


def _address(told: Sequence[Any], told_by: Address | None) -> Address:
    return Address(_host((told[0] or b"").decode(), told_by), told[1])


def _host(name: str, told_by: Address | None) -> str:
    """Return where a node is. One that does not know its own name is where we have reached it."""
    return told_by.host if name in ("", "?") and told_by else name
