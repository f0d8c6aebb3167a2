"""Cold starts: from a fresh process to its first answer, for a hit and for a miss."""

from __future__ import annotations

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.events import event
from benchmarks.rig import Rig
from benchmarks.samples import Samples


def measure(rig: Rig, rounds: int) -> dict[str, Samples]:
    """Return the samples of hits and misses, after one round to warm the machine's disk cache."""
    products = {each: rig.store(each) for each in CONTESTANTS}
    samples = {"hit": Samples(), "miss": Samples()}
    for number in range(-1, rounds):
        for each, product_id in products.items():
            seconds = {"hit": _hit(rig, each, product_id)}
            if each.is_api:
                seconds["miss"] = _miss(rig, each, product_id)
            for outcome in seconds if number >= 0 else ():
                samples[outcome].add(each.name, [seconds[outcome]])
    return samples


def _hit(rig: Rig, contestant: Contestant, product_id: str) -> float:
    if contestant.is_api and not rig.is_cached(contestant, product_id):
        _start(rig, contestant, product_id)
    return _start(rig, contestant, product_id)


def _miss(rig: Rig, contestant: Contestant, product_id: str) -> float:
    rig.forget(contestant, product_id)
    return _start(rig, contestant, product_id)


def _start(rig: Rig, contestant: Contestant, product_id: str) -> float:
    with rig.function(contestant) as function:
        answer, seconds = function.cold_start(event("GET", product_id))
        answer.json()
        return seconds
