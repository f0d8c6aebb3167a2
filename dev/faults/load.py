"""Many workers at once against one API. Knows how many, for how long, and what they saw in all."""

from __future__ import annotations

import random
from typing import Final

from dev.faults.product_pool import ProductPool
from dev.faults.tally import Tally
from dev.faults.timeline import Timeline
from dev.faults.worker import Shared, Worker

HOT: Final = 6


class Load:
    """Readers and writers, from `start` to `stop`; `writes` is their share of all calls."""

    def __init__(self, url: str, timeline: Timeline, writes: float = 0.14) -> None:
        self.shared = Shared(url, timeline, writes)
        self._workers: list[Worker] = []

    @property
    def reads(self) -> int:
        """How many reads were answered so far."""
        return sum(worker.tally.counts["reads"] for worker in self._workers)

    def start(self, workers: int, products: int, seed: int) -> None:
        """Make the products, a few of them hot, then set the workers going."""
        first = Worker(self.shared, ProductPool([], 0), random.Random(seed))  # noqa: S311 — no secret
        pool = ProductPool([first.create() for _ in range(products)], HOT)
        chances = (random.Random(seed + n) for n in range(workers))  # noqa: S311
        self._workers = [Worker(self.shared, pool, chance) for chance in chances]
        for worker in self._workers:
            worker.start()

    def stop(self) -> Tally:
        """End the workers; return what they saw. Raise what ended one of them before."""
        self.shared.stop.set()
        total = Tally()
        for worker in self._workers:
            worker.join()
            total.add(worker.tally)
        return total
