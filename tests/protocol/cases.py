"""The explored setups, and the protocols: the real one and weakened ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chalicelib.caching.entries import Policy
from chalicelib.caching.item_cache import ItemCache
from chalicelib.caching.protocol import Cache, Store
from chalicelib.products.cache import CODEC
from chalicelib.resources.representation import Representation
from tests.protocol import model, weakened
from tests.protocol.points import Protocol
from tests.protocol.states import Setup

TWO_WRITERS: Final = Setup("2 readers, 2 writers", (("get", "get"),) * 2, (("update",),) * 2)
THREE_WRITERS: Final = Setup("1 reader, 3 writers", (("get", "get"),), (("update",),) * 3)
DELETION: Final = Setup(
    "get and get_many, update and delete",
    (("get", "get"), ("get_many", "get_many")),
    (("update",), ("delete",)),
)
CONDITION: Final = Setup(
    "1 reader, an update, one with If-Match", (("get", "get"),), (("update",), ("update_if_first",))
)
STREAM: Final = Setup(
    "1 reader, 2 writers, the stream", (("get", "get"),), (("update",),) * 2, stream=True
)
STREAMED_DELETION: Final = Setup(
    "1 reader, update, delete, the stream",
    (("get", "get"),),
    (("update",), ("delete",)),
    stream=True,
)

SETUPS: Final = (TWO_WRITERS, THREE_WRITERS, DELETION, CONDITION, STREAM, STREAMED_DELETION)

_SCRIPTS: Final = {**model.SCRIPTS, **weakened.SCRIPTS}


def _cached(
    kind: type[Cache[Representation]], *, strict: bool = False
) -> Callable[[Store], ItemCache]:
    policy = Policy(ttl_seconds=300, negative_ttl_seconds=15, strict=strict)

    def build(store: Store) -> ItemCache:
        return ItemCache(kind(store, CODEC, policy, sleep=lambda _: None, clock=lambda: 0), CODEC)

    return build


REAL: Final = Protocol("lease and fence", _cached(Cache), _SCRIPTS)
STRICT: Final = Protocol("lease and fence, strict", _cached(Cache, strict=True), _SCRIPTS)
WEAKENED: Final = (
    Protocol("naive fill", _cached(weakened.NaiveFill), _SCRIPTS),
    Protocol("double delete", _cached(weakened.DoubleDelete), _SCRIPTS),
    Protocol("lease without fence", _cached(weakened.LeaseWithoutFence), _SCRIPTS),
    Protocol("fence of one token", _cached(weakened.FenceOfOneToken), _SCRIPTS),
    Protocol("fill without compare-and-set", _cached(weakened.FillWithoutCompare), _SCRIPTS),
    Protocol("eventually consistent load", _cached(Cache), _SCRIPTS, weakened.EventualTable),
    Protocol("reads by GET", _cached(Cache), _SCRIPTS, store=weakened.ReadByGet),
)
WEAKENED_STREAMS: Final = (
    Protocol(
        "stream: first record decides",
        _cached(Cache),
        _SCRIPTS,
        invalidator=weakened.FirstRecordDecides,
    ),
    Protocol(
        "stream: failures ignored", _cached(Cache), _SCRIPTS, invalidator=weakened.FailuresIgnored
    ),
    Protocol("stream: leases kept", _cached(weakened.LeasesKept), _SCRIPTS),
)
