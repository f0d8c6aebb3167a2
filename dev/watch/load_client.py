"""
One client of the load: reads and writes over HTTP, and checks that no read is stale.

It reads the samples and the products that the load has created. It writes to one product of its own
and reads it back after each update. Sometimes it deletes that product, reads it back and creates a
new one. At the end of the load it deletes the product. `dev/faults` judges the reads.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Final, NamedTuple, Protocol

from dev.faults.client import Client, TimedResponse
from dev.faults.ledger import History, Kind
from dev.faults.timeline import Timeline, Verdict

_SHARES: Final = {"_read_sample": 50, "_read_made": 35, "_update": 12, "_replace": 3}
"""How often each call is made, in percent. The last two are followed by a read."""
_DRAFT: Final = {
    "name": "Load",
    "description": "Made by the load of `make watch`, and deleted when that ends.",
    "price": 9.99,
    "stock_quantity": 1,
}


class Sink(Protocol):
    """Counts requests and checked reads."""

    def sent(self) -> None:
        """Count a request."""

    def checked(self, verdict: Verdict | None) -> None:
        """Count a checked read. `None` means that it was fresh."""


class Made(NamedTuple):
    """A product that the load has created, and its writes."""

    product_id: str
    history: History

    @property
    def path(self) -> str:
        """The product's path."""
        return f"/products/{self.product_id}"


class MadeProducts:
    """The products that the load has created, one for each client."""

    def __init__(self, places: int) -> None:
        self.made: list[Made | None] = [None] * places

    def any(self, chance: random.Random) -> Made | None:
        """Return one of the products, or `None` if there are none yet."""
        made = [each for each in self.made if each is not None]
        return chance.choice(made) if made else None


class LoadClient(threading.Thread):
    """Sends a request, checks the response, and pauses for about `pause` seconds."""

    def __init__(
        self,
        client: Client,
        products: MadeProducts,
        place: int,
        timeline: Timeline,
        sink: Sink,
        pause: float,
    ) -> None:
        super().__init__(name="load", daemon=True)
        self.ended = threading.Event()
        self._client = client
        self._products = products
        self._place = place
        self._timeline = timeline
        self._sink = sink
        self._pause = pause
        self._chance = random.Random()  # noqa: S311 — no secret
        self._samples: list[str] = []

    def run(self) -> None:
        """Send requests until `ended` is set. A failed request is not retried at once."""
        while not self.ended.wait(self._pause * self._chance.uniform(0.5, 1.5)):
            self._turn()
        self._delete()
        self._client.close()

    def _turn(self) -> None:
        if not self._samples:
            self._find_samples()
        elif self._products.made[self._place] is None:
            self._create()
        else:
            getattr(self, self._chance.choices([*_SHARES], [*_SHARES.values()])[0])()

    def _find_samples(self) -> None:
        answer = self._send("GET", "/products?limit=25")
        if answer.status == 200:
            self._samples = [item["id"] for item in answer.json()["items"]]

    def _create(self) -> None:
        answer = self._send("POST", "/products", _DRAFT)
        if answer.status == 201:
            made = Made(answer.json()["id"], History())
            write = made.history.begin(Kind.CREATE, answer.started)
            write.acknowledge(answer.ended, answer.version)
            self._products.made[self._place] = made

    def _read_sample(self) -> None:
        self._send("GET", f"/products/{self._chance.choice(self._samples)}")

    def _read_made(self) -> None:
        made = self._products.any(self._chance)
        if made is not None:
            self._check(made)

    def _update(self) -> None:
        stock = self._chance.randrange(1000)
        self._write(Kind.UPDATE, "PATCH", {"stock_quantity": stock})

    def _replace(self) -> None:
        self._delete()
        self._create()

    def _delete(self) -> None:
        if self._write(Kind.DELETE, "DELETE"):
            self._products.made[self._place] = None

    def _write(self, kind: Kind, method: str, body: Any = None) -> bool:
        """Write to the client's product and read it back. Return whether the write succeeded."""
        made = self._products.made[self._place]
        if made is None:
            return False
        write = made.history.begin(kind, time.monotonic())
        answer = self._send(method, made.path, body)
        if answer.status in (200, 204):
            write.acknowledge(answer.ended, answer.version)
        self._check(made)
        return write.acknowledged

    def _check(self, made: Made) -> None:
        answer = self._send("GET", made.path)
        if answer.status in (200, 404):
            missed = made.history.missed(answer.version, answer.started, answer.ended)
            verdict = self._timeline.judge(missed, answer.started) if missed else None
            self._sink.checked(verdict)

    def _send(self, method: str, path: str, body: Any = None) -> TimedResponse:
        self._sink.sent()
        return self._client.send(method, path, body)
