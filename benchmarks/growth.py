"""How a hit's time grows with the item's size, and with the number of keys in Redis."""

from __future__ import annotations

import random
import uuid
from contextlib import ExitStack
from typing import Final

from benchmarks.contestants import BARE, CONTESTANTS, NOTHING, OURS, Contestant
from benchmarks.events import event
from benchmarks.function import Function
from benchmarks.rig import Rig, a_product
from benchmarks.samples import Samples
from chalicelib.caching.entries import VALUE
from chalicelib.products.cache import CODEC
from chalicelib.products.model import represent

SIZES: Final = (1_000, 10_000, 100_000, 300_000)
"""Characters of a description. (DynamoDB takes no item over 400 KB.)"""

_ID: Final = "{:08x}-0000-4000-8000-{:012x}"
_BATCH: Final = 20_000
_FILL: Final = """
for n = tonumber(ARGV[3]), tonumber(ARGV[4]) do
  local id = string.format('%08x-0000-4000-8000-%012x', n, n)
  redis.call('SET', 'product:' .. id, ARGV[1] .. id .. ARGV[2])
end
"""
"""Fills within Redis: a million keys take seconds, and not minutes."""


def by_size(rig: Rig, rounds: int, hits: int) -> dict[int, Samples]:
    """Return the samples of hits for each size of item."""
    wanted = [each for each in CONTESTANTS if each is not NOTHING]
    samples = {size: Samples() for size in SIZES}
    with ExitStack() as stack:
        functions = {each: stack.enter_context(rig.function(each)) for each in wanted}
        requests = {
            (size, each): event("GET", rig.store(each, size)) for size in SIZES for each in wanted
        }
        for number in range(-1, rounds):
            for (size, each), request in requests.items():
                functions[each].seconds(request)
                seconds = [functions[each].seconds(request) for _ in range(hits)]
                if number >= 0:
                    samples[size].add(each.name, seconds)
    return samples


def by_keys(rig: Rig, rounds: int, hits: int, most: int) -> dict[int, Samples]:
    """Return the samples of hits on random products, for 10³ keys and more, up to `most`."""
    samples = {}
    with ExitStack() as stack:
        functions = {each: stack.enter_context(rig.function(each)) for each in (BARE, OURS)}
        filled = 0
        keys = 1_000
        while keys <= most:
            for each in functions:
                fill(rig, each, filled, keys)
            samples[keys] = _random_hits(functions, keys, rounds, hits)
            filled, keys = keys, keys * 10
        for each in functions:
            rig.redis[each.name].flushall()
    return samples


def fill(rig: Rig, contestant: Contestant, first: int, end: int) -> None:
    """Put products into a cache, as its owner would."""
    mark = str(uuid.UUID(int=0))
    product = represent(a_product(mark, 200))
    entry = VALUE + CODEC.encode(product)
    if contestant is BARE:
        entry = product.body.encode()
    before, _, after = entry.partition(mark.encode())
    for start in range(first, end, _BATCH):
        last = min(start + _BATCH, end) - 1
        rig.redis[contestant.name].eval(_FILL, 0, before, after, start, last)


def _random_hits(
    functions: dict[Contestant, Function], keys: int, rounds: int, hits: int
) -> Samples:
    choice = random.Random(keys)  # noqa: S311 — no secret
    samples = Samples()
    for number in range(-1, rounds):
        wanted = [choice.randrange(keys) for _ in range(hits)]
        requests = [event("GET", _ID.format(n, n)) for n in wanted]
        for each, function in functions.items():
            seconds = [function.seconds(request) for request in requests]
            if number >= 0:
                samples.add(each.name, seconds)
    return samples
