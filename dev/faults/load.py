"""
A load of concurrent clients that checks that no read is stale.

Reads are mostly of one product, some of ten products, some listings. Writes are PATCH and PUT, a
third of them with `If-Match`, and deletions, each followed by the creation of another product.
Every write sets a unique stock quantity, because responses with many products contain no versions.
A listing is checked for the products that it contains, not for missing ones.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter, deque
from itertools import count, islice
from typing import Final

from dev.faults.client import LOST, Client, TimedResponse, draft
from dev.faults.ledger import History, Kind, Write
from dev.faults.results import Call, Stale
from dev.faults.timeline import Timeline, Verdict

HOT: Final = 6
"""The number of products that most calls use."""
_HOT_SHARE: Final = 0.7
_DELETED_SHARE: Final = 0.05
"""The share of reads of recently deleted products."""
_DELETED_KEPT: Final = 20
_SELECTED: Final = 10
_IF_MATCH: Final = 0.33
_PAUSE_SECONDS: Final = 0.05

_chance: Final = random.Random()  # noqa: S311 — no secret


class LoadFailed(Exception):
    """The API refuses new products. The text contains the reason."""


class Load:
    """Reads and writes from `start` to `stop`. Each client pauses for `pause` seconds or so."""

    def __init__(
        self,
        url: str,
        timeline: Timeline,
        *,
        clients: int = 8,
        products: int = 200,
        pause: float = 0.0,
    ) -> None:
        self.url = url
        self.timeline = timeline
        self.pause = pause
        self.histories: dict[str, History] = {}
        self.tokens = count(1)
        """The stock quantity of the next write."""
        self.shown_by: dict[int, Write] = {}
        """The write that set each stock quantity."""
        self.products: list[str] = []
        """A place each for a product; the first places are hot."""
        self.deleted: deque[str] = deque([str(uuid.uuid4())], _DELETED_KEPT)
        """The last deleted products; at first one that never existed."""
        self.stale: list[Stale] = []
        self.ended = threading.Event()
        self._size = products
        self._claiming = threading.Lock()
        self._clients = [_LoadClient(self) for _ in range(clients)]

    @property
    def calls(self) -> Counter[Call]:
        """The calls of all clients, after `stop`."""
        return sum((client.calls for client in self._clients), Counter[Call]())

    @property
    def checked(self) -> int:
        """The number of reads of which each product was checked."""
        return sum(client.checked for client in self._clients)

    @property
    def sent(self) -> int:
        """The number of requests."""
        return sum(client.sent for client in self._clients)

    def start(self) -> None:
        """Create the products, then start the clients. Raise `LoadFailed`."""
        made = (self._clients[0].create() for _ in range(2 * self._size))
        self.products = list(islice(filter(None, made), self._size))
        if len(self.products) < self._size:
            raise LoadFailed(f"{self.url} refuses new products")
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        """Stop the clients."""
        self.ended.set()
        for client in self._clients:
            client.join()

    def delete_products(self) -> None:
        """Delete all products after `stop`."""
        client = Client(self.url)
        for product_id in self.products:
            client.send("DELETE", f"/products/{product_id}")
        client.close()

    def history(self, product_id: str) -> History:
        """Return the writes of a product."""
        return self.histories.setdefault(product_id, History())

    def place(self) -> int:
        """Return a place, often a hot one."""
        hot = _chance.random() < _HOT_SHARE
        return _chance.randrange(min(HOT, self._size) if hot else self._size)

    def product_to_read(self) -> str:
        """Return a product's id, sometimes that of a recently deleted product."""
        if _chance.random() < _DELETED_SHARE:
            return _chance.choice(self.deleted)
        return self.products[self.place()]

    def claim(self, deleted: str) -> bool:
        """Return whether the caller is the first to replace this product."""
        with self._claiming:
            is_first = deleted not in self.deleted
            if is_first:
                self.deleted.append(deleted)
        return is_first


class _LoadClient(threading.Thread):
    """Sends one request at a time and checks each response."""

    def __init__(self, load: Load) -> None:
        super().__init__(name="load", daemon=True)
        self.calls: Counter[Call] = Counter()
        self.checked = 0
        self.sent = 0
        self._load = load
        self._client = Client(load.url)

    def run(self) -> None:
        """Send requests until the load has ended."""
        choices = {
            self._read: 83,
            self._select: 2,
            self._list: 1,
            self._update: 11,
            self._delete: 3,
        }
        while not self._load.ended.wait(self._load.pause * _chance.uniform(0.5, 1.5)):
            _chance.choices([*choices], [*choices.values()])[0]()
        self._client.close()

    def create(self) -> str | None:
        """Create a product and return its id, or `None` if that fails."""
        token = next(self._load.tokens)
        answer = self._send("POST", "/products", draft(token))
        if answer.status != 201:
            return None
        product_id: str = answer.json()["id"]
        write = self._load.history(product_id).begin(Kind.CREATE, answer.started)
        self._load.shown_by[token] = write
        write.acknowledge(answer.ended, answer.version)
        return product_id

    def _read(self) -> None:
        product_id = self._load.product_to_read()
        answer = self._send("GET", f"/products/{product_id}")
        if answer.status in (200, 404):
            self.checked += 1
            self._check(product_id, answer, answer.version)

    def _select(self) -> None:
        ids = {self._load.product_to_read() for _ in range(_SELECTED)}
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
            shown = self._load.shown_by.get(item["stock_quantity"])
            if shown and shown.acknowledged:
                self._check(item["id"], answer, shown.version)

    def _update(self) -> None:
        product_id = self._load.products[self._load.place()]
        history, token = self._load.history(product_id), next(self._load.tokens)
        if_match = history.latest() if _chance.random() < _IF_MATCH else None
        self._load.shown_by[token] = write = history.begin(Kind.UPDATE, time.monotonic())
        method = _chance.choice(["PATCH", "PUT"])
        answer = self._send(method, f"/products/{product_id}", {"stock_quantity": token}, if_match)
        self._record(product_id, write, answer)

    def _delete(self) -> None:
        place = self._load.place()
        product_id = self._load.products[place]
        write = self._load.history(product_id).begin(Kind.DELETE, time.monotonic())
        answer = self._send("DELETE", f"/products/{product_id}")
        self._record(product_id, write, answer)
        if answer.status in (204, 404) and self._load.claim(product_id):
            self._load.products[place] = self.create() or product_id

    def _record(self, product_id: str, write: Write, answer: TimedResponse) -> None:
        """Record the outcome of a write. A 404 is also a read, from DynamoDB."""
        if answer.status in (200, 204):
            write.acknowledge(answer.ended, answer.version)
        elif answer.status in (404, 412):
            self._load.history(product_id).refuse(write)
            if answer.status == 404:
                self._check(product_id, answer, None)

    def _check(self, product_id: str, answer: TimedResponse, seen: int | None) -> None:
        history, timeline = self._load.history(product_id), self._load.timeline
        missed = history.missed(seen, answer.started, answer.ended)
        if not missed:
            return
        oldest = min(missed, key=lambda write: write.ended)
        verdict = timeline.judge(missed, answer.started, answer.ended)
        back = 0.0 if verdict is Verdict.BROKEN else timeline.since_return(missed, answer.started)
        self._load.stale.append(
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
        phase = self._load.timeline.phase(answer.started)
        is_unexpected = answer.failed and not self._is_explained(answer, is_write=is_write)
        ms = round(answer.seconds * 1000, 1)
        self.calls[Call(phase, is_write, answer.status, answer.cache, is_unexpected, ms)] += 1
        if answer.status == LOST:
            time.sleep(_PAUSE_SECONDS)
        return answer

    def _is_explained(self, answer: TimedResponse, *, is_write: bool) -> bool:
        is_complete = answer.status != 503 or "Retry-After" in answer.headers
        return is_complete and self._load.timeline.explains(
            answer.status, answer.started, answer.ended, is_write=is_write
        )
