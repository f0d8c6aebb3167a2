"""
One client of a load: sends one request at a time, and checks each response.

Reads are mostly of one product, some of ten products, some listings. Writes are PATCH and PUT, a
third of them with `If-Match`, and deletions, each followed by the creation of another product.
Every write sets a unique stock quantity, because responses with many products contain no versions.
A listing is checked for the products that it contains, not for missing ones.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Final

from dev.faults.client import LOST, Client, TimedResponse, draft
from dev.faults.ledger import Kind, Write
from dev.faults.load_state import LoadState, chance
from dev.faults.results import Call, Stale
from dev.faults.timeline import Verdict

_SELECTED: Final = 10
_IF_MATCH: Final = 0.33
_PAUSE_SECONDS: Final = 0.05


class LoadClient(threading.Thread):
    """Sends one request at a time and checks each response."""

    def __init__(self, state: LoadState) -> None:
        super().__init__(name="load", daemon=True)
        self.calls: Counter[Call] = Counter()
        self.checked = 0
        self.sent = 0
        self._state = state
        self._client = Client(state.url)

    def run(self) -> None:
        """Send requests until the load has ended."""
        choices = {
            self._read: 83,
            self._select: 2,
            self._list: 1,
            self._update: 11,
            self._delete: 3,
        }
        while not self._state.ended.wait(self._state.pause * chance.uniform(0.5, 1.5)):
            chance.choices([*choices], [*choices.values()])[0]()
        self._client.close()

    def create(self) -> str | None:
        """Create a product and return its id, or `None` if that fails."""
        token = next(self._state.tokens)
        answer = self._send("POST", "/products", draft(token))
        if answer.status != 201:
            return None
        product_id: str = answer.json()["id"]
        write = self._state.history(product_id).begin(Kind.CREATE, answer.started)
        self._state.shown_by[token] = write
        write.acknowledge(answer.ended, answer.version)
        return product_id

    def _read(self) -> None:
        product_id = self._state.product_to_read()
        answer = self._send("GET", f"/products/{product_id}")
        if answer.status in (200, 404):
            self.checked += 1
            self._check(product_id, answer, answer.version)

    def _select(self) -> None:
        ids = {self._state.product_to_read() for _ in range(_SELECTED)}
        answer = self._send("GET", f"/products?ids={','.join(ids)}")
        if answer.status == 200:
            self._check_items(answer)
            for product_id in answer.json()["missing"]:
                self._check(product_id, answer, None)

    def _list(self) -> None:
        answer = self._send("GET", "/products?limit=100")
        if answer.status == 200:
            self._check_items(answer)

    def _check_items(self, answer: TimedResponse) -> None:
        self.checked += 1
        for item in answer.json()["items"]:
            shown = self._state.shown_by.get(item["stock_quantity"])
            if shown and shown.acknowledged:
                self._check(item["id"], answer, shown.version)

    def _update(self) -> None:
        product_id = self._state.products[self._state.place()]
        history, token = self._state.history(product_id), next(self._state.tokens)
        if_match = history.latest() if chance.random() < _IF_MATCH else None
        self._state.shown_by[token] = write = history.begin(Kind.UPDATE, time.monotonic())
        method = chance.choice(["PATCH", "PUT"])
        answer = self._send(method, f"/products/{product_id}", {"stock_quantity": token}, if_match)
        self._record(product_id, write, answer)

    def _delete(self) -> None:
        place = self._state.place()
        product_id = self._state.products[place]
        write = self._state.history(product_id).begin(Kind.DELETE, time.monotonic())
        answer = self._send("DELETE", f"/products/{product_id}")
        self._record(product_id, write, answer)
        if answer.status in (204, 404) and self._state.claim(product_id):
            self._state.products[place] = self.create() or product_id

    def _record(self, product_id: str, write: Write, answer: TimedResponse) -> None:
        """Record the outcome of a write. A 404 is also a read, from DynamoDB."""
        if answer.status in (200, 204):
            write.acknowledge(answer.ended, answer.version)
        elif answer.status in (404, 412):
            self._state.history(product_id).refuse(write)
            if answer.status == 404:
                self._check(product_id, answer, None)

    def _check(self, product_id: str, answer: TimedResponse, seen: int | None) -> None:
        history, timeline = self._state.history(product_id), self._state.timeline
        missed = history.missed(seen, answer.started, answer.ended)
        if not missed:
            return
        oldest = min(missed, key=lambda write: write.ended)
        verdict = timeline.judge(missed, answer.started, answer.ended)
        back = 0.0 if verdict is Verdict.BROKEN else timeline.since_return(missed, answer.started)
        self._state.stale.append(
            Stale(
                verdict,
                product_id,
                timeline.phase(answer.started),
                answer.cache,
                seen,
                age_ms=round((answer.started - oldest.ended) * 1000, 1),
                written_in=",".join(
                    window.name for window in timeline.during(oldest.started, oldest.ended)
                ),
                back_ms=round(back * 1000, 1),
            )
        )

    def _send(
        self, method: str, path: str, body: object = None, if_match: int | None = None
    ) -> TimedResponse:
        self.sent += 1
        answer = self._client.send(method, path, body, if_match)
        is_write = method != "GET"
        phase = self._state.timeline.phase(answer.started)
        is_unexpected = answer.failed and not self._is_explained(answer, is_write=is_write)
        ms = round(answer.seconds * 1000, 1)
        self.calls[Call(phase, is_write, answer.status, answer.cache, is_unexpected, ms)] += 1
        if answer.status == LOST:
            time.sleep(_PAUSE_SECONDS)
        return answer

    def _is_explained(self, answer: TimedResponse, *, is_write: bool) -> bool:
        is_complete = answer.status != 503 or "Retry-After" in answer.headers
        return is_complete and self._state.timeline.explains(
            answer.status, answer.started, answer.ended, is_write=is_write
        )
