"""
One client of the load: what it does next, and whether each answer is as fresh as promised.

Reads: nearly all of one product, a few of ten at once, a few listings. Writes: PATCH and PUT, a
third of them with `If-Match`, and deletions, each followed by the creation of another product in
its place. Every write sets a stock quantity of its own, by which an answer with many products,
which tells no versions, is checked. A listing is checked for what it shows, not for what it lacks.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from dev.faults import faults
from dev.faults.client import LOST, Answer, Client
from dev.faults.ledger import Kind, Ledger, Write
from dev.faults.product_pool import ProductPool, draft
from dev.faults.tally import Stale, Tally
from dev.faults.timeline import Timeline, Verdict

_READS: Final = (0.97, 0.02, 0.01)
_WRITES: Final = (0.8, 0.2)
_SELECTED: Final = 10
_IF_MATCH: Final = 0.33
_TRIES: Final = 200
_PAUSE_SECONDS: Final = 0.05


class Shared:
    """What all workers know."""

    def __init__(self, url: str, timeline: Timeline, writes: float) -> None:
        self.shares = [*(share * (1 - writes) for share in _READS), *(n * writes for n in _WRITES)]
        self.url = url
        self.timeline = timeline
        self.ledger = Ledger()
        self.shown_by: dict[int, Write] = {}
        """By stock quantity: the write that set it."""
        self.tokens = count(1)
        """Stock quantities, each for one write."""
        self.stop = threading.Event()


class Worker(threading.Thread):
    """One client: sends a request, waits for the answer, checks it, and so on."""

    def __init__(self, shared: Shared, pool: ProductPool, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.tally = Tally()
        self._shared = shared
        self._pool = pool
        self._chance = chance
        self._client = Client(shared.url)

    def run(self) -> None:
        """Go on until told to stop."""
        while not self._shared.stop.is_set():
            self._choose()()
        self._client.close()

    def create(self) -> str:
        """Store a new product, trying on through faults; return its id."""
        for _ in range(_TRIES):
            token = next(self._shared.tokens)
            answer = self._send("POST", "/products", draft(token))
            if answer.status == 201:
                product_id: str = answer.json()["id"]
                write = self._shared.ledger.of(product_id).begin(Kind.CREATE, answer.started)
                self._shared.shown_by[token] = write
                write.acknowledge(answer.ended, answer.version)
                return product_id
        raise RuntimeError(f"{self._shared.url} takes no products: status {answer.status}")

    def _choose(self) -> Callable[[], None]:
        calls = (self._read, self._select, self._list, self._update, self._delete)
        return self._chance.choices(calls, self._shared.shares)[0]

    def _read(self) -> None:
        product_id = self._pool.to_read(self._chance)
        answer = self._send("GET", f"/products/{product_id}")
        if answer.status in (200, 404):
            self.tally.counts["reads"] += 1
            self.tally.outcomes[self._shared.timeline.phase(answer.started), answer.cache] += 1
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

    def _check_shown(self, answer: Answer, cache: str) -> None:
        self.tally.counts["reads"] += 1
        for item in answer.json()["items"]:
            shown = self._shared.shown_by.get(item["stock_quantity"])
            if shown and shown.acknowledged:
                self._check(item["id"], answer, shown.version, cache)

    def _update(self) -> None:
        product_id = self._pool.at(self._pool.place(self._chance))
        history, token = self._shared.ledger.of(product_id), next(self._shared.tokens)
        wanted = history.latest() if self._chance.random() < _IF_MATCH else None
        self._shared.shown_by[token] = write = history.begin(Kind.UPDATE, time.monotonic())
        method = self._chance.choice(["PATCH", "PUT"])
        answer = self._send(method, f"/products/{product_id}", {"stock_quantity": token}, wanted)
        self._settle(product_id, write, answer)

    def _delete(self) -> None:
        place = self._pool.place(self._chance)
        product_id = self._pool.at(place)
        write = self._shared.ledger.of(product_id).begin(Kind.DELETE, time.monotonic())
        answer = self._send("DELETE", f"/products/{product_id}")
        self._settle(product_id, write, answer)
        if answer.status in (204, 404):
            self._pool.replace(place, product_id, self.create())

    def _settle(self, product_id: str, write: Write, answer: Answer) -> None:
        """Note what became of a write. A 404 is a read too, of what DynamoDB holds."""
        history = self._shared.ledger.of(product_id)
        if answer.status in (200, 204):
            write.acknowledge(answer.ended, answer.version)
            self.tally.counts["writes"] += 1
        elif answer.status in (404, 412):
            history.refuse(write)
            self.tally.counts["refused"] += 1
            if answer.status == 404:
                self._check(product_id, answer, None, "write")
        else:
            self.tally.counts["unknown"] += 1

    def _check(self, product_id: str, answer: Answer, seen: int | None, cache: str) -> None:
        missed = self._shared.ledger.of(product_id).missed(seen, answer.started, answer.ended)
        if missed:
            self.tally.note(self._stale(product_id, missed, answer, seen, cache))

    def _stale(
        self, product_id: str, missed: list[Write], answer: Answer, seen: int | None, cache: str
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
    ) -> Answer:
        answer = self._client.send(method, path, body, if_match)
        phase = self._shared.timeline.phase(answer.started)
        kind = "read" if method == "GET" else "write"
        self.tally.statuses[phase, kind, answer.status] += 1
        self.tally.latencies[phase, kind].append(answer.seconds)
        if answer.status == LOST or answer.status >= 500:
            self._note_failure(answer, phase, kind)
        return answer

    def _note_failure(self, answer: Answer, phase: str, kind: str) -> None:
        timeline = self._shared.timeline
        windows = timeline.during(answer.started, answer.ended)
        refusing = timeline.strict and kind == "write"
        told_when = answer.status != 503 or "Retry-After" in answer.headers
        if not (told_when and faults.excused(windows, answer.status, refusing=refusing)):
            self.tally.unexpected[phase, kind, answer.status] += 1
        if answer.status == LOST:
            time.sleep(_PAUSE_SECONDS)
