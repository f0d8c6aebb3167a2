"""
One client of the load: chooses calls, sends them, and checks that no read is stale.

Reads are mostly of one product, some of ten products, some listings. Writes are PATCH and PUT, a
third of them with `If-Match`, and deletions, each followed by the creation of another product.
Every write sets a unique stock quantity, because responses with many products contain no versions.
A listing is checked for the products that it contains, not for missing ones.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from dev.faults import faults
from dev.faults.client import LOST, Client, TimedResponse
from dev.faults.ledger import Kind, Ledger, Write
from dev.faults.load_results import LoadResults, Stale
from dev.faults.product_pool import ProductPool, draft
from dev.faults.timeline import Timeline, Verdict

_READS: Final = (0.97, 0.02, 0.01)
_WRITES: Final = (0.8, 0.2)
_SELECTED: Final = 10
_IF_MATCH: Final = 0.33
_TRIES: Final = 200
_PAUSE_SECONDS: Final = 0.05


class LoadState:
    """The state that all workers share."""

    def __init__(self, url: str, timeline: Timeline, writes: float) -> None:
        self.shares = [*(share * (1 - writes) for share in _READS), *(n * writes for n in _WRITES)]
        self.url = url
        self.timeline = timeline
        self.ledger = Ledger()
        self.shown_by: dict[int, Write] = {}
        """The write that set each stock quantity."""
        self.tokens = count(1)
        """The stock quantity of the next write."""
        self.stop = threading.Event()


class Worker(threading.Thread):
    """Sends one request at a time and checks each response."""

    def __init__(self, shared: LoadState, pool: ProductPool, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.results = LoadResults()
        self._shared = shared
        self._pool = pool
        self._chance = chance
        self._client = Client(shared.url)

    def run(self) -> None:
        """Send requests until `stop` is set."""
        while not self._shared.stop.is_set():
            self._choose()()
        self._client.close()

    def create(self) -> str:
        """Create a product, with retries during faults, and return its id."""
        for _ in range(_TRIES):
            token = next(self._shared.tokens)
            answer = self._send("POST", "/products", draft(token))
            if answer.status == 201:
                product_id: str = answer.json()["id"]
                write = self._shared.ledger.history(product_id).begin(Kind.CREATE, answer.started)
                self._shared.shown_by[token] = write
                write.acknowledge(answer.ended, answer.version)
                return product_id
        raise RuntimeError(f"{self._shared.url} refuses new products: status {answer.status}")

    def _choose(self) -> Callable[[], None]:
        calls = (self._read, self._select, self._list, self._update, self._delete)
        return self._chance.choices(calls, self._shared.shares)[0]

    def _read(self) -> None:
        product_id = self._pool.to_read(self._chance)
        answer = self._send("GET", f"/products/{product_id}")
        if answer.status in (200, 404):
            self.results.counts["reads"] += 1
            self.results.outcomes[self._shared.timeline.phase(answer.started), answer.cache] += 1
            self._check(product_id, answer, answer.version, answer.cache)

    def _select(self) -> None:
        ids = {self._pool.to_read(self._chance) for _ in range(_SELECTED)}
        answer = self._send("GET", f"/products?ids={','.join(ids)}")
        if answer.status == 200:
            self._check_shown(answer, "select")
            for product_id in answer.json()["missing"]:
                self._check(product_id, answer, None, "select")

    def _list(self) -> None:
        answer = self._send("GET", "/products?limit=100")
        if answer.status == 200:
            self._check_shown(answer, "list")

    def _check_shown(self, answer: TimedResponse, cache: str) -> None:
        self.results.counts["reads"] += 1
        for item in answer.json()["items"]:
            shown = self._shared.shown_by.get(item["stock_quantity"])
            if shown and shown.acknowledged:
                self._check(item["id"], answer, shown.version, cache)

    def _update(self) -> None:
        product_id = self._pool.at(self._pool.place(self._chance))
        history, token = self._shared.ledger.history(product_id), next(self._shared.tokens)
        if_match = history.latest() if self._chance.random() < _IF_MATCH else None
        self._shared.shown_by[token] = write = history.begin(Kind.UPDATE, time.monotonic())
        method = self._chance.choice(["PATCH", "PUT"])
        answer = self._send(method, f"/products/{product_id}", {"stock_quantity": token}, if_match)
        self._record_outcome(product_id, write, answer)

    def _delete(self) -> None:
        place = self._pool.place(self._chance)
        product_id = self._pool.at(place)
        write = self._shared.ledger.history(product_id).begin(Kind.DELETE, time.monotonic())
        answer = self._send("DELETE", f"/products/{product_id}")
        self._record_outcome(product_id, write, answer)
        if answer.status in (204, 404):
            self._pool.replace(place, product_id, self.create())

    def _record_outcome(self, product_id: str, write: Write, answer: TimedResponse) -> None:
        """Record the outcome of a write. A 404 is also a read, from DynamoDB."""
        history = self._shared.ledger.history(product_id)
        if answer.status in (200, 204):
            write.acknowledge(answer.ended, answer.version)
            self.results.counts["writes"] += 1
        elif answer.status in (404, 412):
            history.refuse(write)
            self.results.counts["refused"] += 1
            if answer.status == 404:
                self._check(product_id, answer, None, "write")
        else:
            self.results.counts["unknown"] += 1

    def _check(self, product_id: str, answer: TimedResponse, seen: int | None, cache: str) -> None:
        missed = self._shared.ledger.history(product_id).missed(seen, answer.started, answer.ended)
        if missed:
            self.results.add_stale(self._stale(product_id, missed, answer, seen, cache))

    def _stale(
        self,
        product_id: str,
        missed: list[Write],
        answer: TimedResponse,
        seen: int | None,
        cache: str,
    ) -> Stale:
        timeline, started = self._shared.timeline, answer.started
        verdict = timeline.judge(missed, started, answer.ended)
        back = None if verdict is Verdict.BROKEN else timeline.since_return(missed, started)
        oldest = min(missed, key=lambda write: write.ended)
        return Stale(
            verdict,
            product_id,
            timeline.phase(started),
            cache,
            seen,
            versions=len(missed),
            age_ms=(started - oldest.ended) * 1000,
            written_in=",".join(
                each.name for each in timeline.during(oldest.started, oldest.ended)
            ),
            back_ms=None if back is None else back * 1000,
        )

    def _send(
        self, method: str, path: str, body: object = None, if_match: int | None = None
    ) -> TimedResponse:
        answer = self._client.send(method, path, body, if_match)
        phase = self._shared.timeline.phase(answer.started)
        kind = "read" if method == "GET" else "write"
        self.results.statuses[phase, kind, answer.status] += 1
        self.results.latencies[phase, kind].append(answer.seconds)
        if answer.status == LOST or answer.status >= 500:
            self._record_failure(answer, phase, kind)
        return answer

    def _record_failure(self, answer: TimedResponse, phase: str, kind: str) -> None:
        timeline = self._shared.timeline
        windows = timeline.during(answer.started, answer.ended)
        refusing = timeline.strict and kind == "write"
        is_complete = answer.status != 503 or "Retry-After" in answer.headers
        if not (is_complete and faults.excused(windows, answer.status, refusing=refusing)):
            self.results.unexpected[phase, kind, answer.status] += 1
        if answer.status == LOST:
            time.sleep(_PAUSE_SECONDS)
