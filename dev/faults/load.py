"""Runs concurrent workers against one API, and adds up their results."""

from __future__ import annotations

import random
from typing import Final

from dev.faults.load_results import LoadResults
from dev.faults.product_pool import ProductPool
from dev.faults.timeline import Timeline
from dev.faults.worker import LoadState, Worker

HOT: Final = 6


class Load:
    """Reads and writes from `start` to `stop`. `writes` is the share of writes in all calls."""

    def __init__(self, url: str, timeline: Timeline, writes: float = 0.14) -> None:
        self.shared = LoadState(url, timeline, writes)
        self._workers: list[Worker] = []

    @property
    def reads(self) -> int:
        """The number of reads answered so far."""
        return sum(worker.results.counts["reads"] for worker in self._workers)

    def start(self, workers: int, products: int, seed: int) -> None:
        """Create the products, then start the workers."""
        first = Worker(self.shared, ProductPool([], 0), random.Random(seed))  # noqa: S311 — no secret
        pool = ProductPool([first.create() for _ in range(products)], HOT)
        chances = (random.Random(seed + n) for n in range(workers))  # noqa: S311
        self._workers = [Worker(self.shared, pool, chance) for chance in chances]
        for worker in self._workers:
            worker.start()

    def stop(self) -> LoadResults:
        """Stop the workers and return their results."""
        self.shared.stop.set()
        total = LoadResults()
        for worker in self._workers:
            worker.join()
            total.add(worker.results)
        return total
