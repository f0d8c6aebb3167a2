"""A load of concurrent clients that checks that no read is stale."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import islice

from dev.faults.client import Client
from dev.faults.load_client import LoadClient
from dev.faults.load_state import LoadState
from dev.faults.results import Call
from dev.faults.timeline import Timeline


class LoadFailed(Exception):
    """The API refuses new products. The text contains the reason."""


class Load(LoadState):
    """Reads and writes from `start` to `stop`."""

    def __init__(
        self,
        url: str,
        timeline: Timeline,
        *,
        clients: int = 8,
        products: int = 200,
        pause: float = 0.0,
    ) -> None:
        super().__init__(url, timeline, products, pause)
        self._clients = [LoadClient(self) for _ in range(clients)]

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
        with closing(Client(self.url)) as client:
            for product_id in self.products:
                client.send("DELETE", f"/products/{product_id}")
