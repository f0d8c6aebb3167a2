"""Sends bursts of reads, and counts the DynamoDB reads at the proxy."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from dev.faults.client import Client
from dev.faults.rig import FaultRig

READERS: Final = 50
UNKNOWN_IDS: Final = 20
UNKNOWN_REQUESTS: Final = 200
TRIES: Final = 5


class Stampede(NamedTuple):
    """A burst: its requests, their statuses, and the DynamoDB reads."""

    what: str
    requests: int
    statuses: set[int]
    database_reads: int
    allowed: int

    @property
    def is_kept(self) -> bool:
        """Whether there were no more DynamoDB reads than allowed."""
        return self.database_reads <= self.allowed


def best(measure: Callable[[FaultRig], Stampede], rig: FaultRig) -> Stampede:
    """
    Return the first of five bursts that kept the limit, else the last.

    A reader waits at most 0.14 s for another one's load, then loads too. On a busy machine a load
    can take longer than that.
    """
    for _ in range(TRIES):
        burst = measure(rig)
        if burst.is_kept:
            break
    return burst


def of_one_product(rig: FaultRig) -> Stampede:
    """Send 50 reads of one cold product: one DynamoDB read is allowed."""
    client = Client(rig.api.url)
    draft = {"name": "Hot", "description": "Read by all", "price": 1, "stock_quantity": 1}
    product_id = client.send("POST", "/products", draft).json()["id"]
    client.close()
    return _burst(rig, "one cold product", [[product_id]] * READERS, allowed=1)


def of_unknown_ids(rig: FaultRig) -> Stampede:
    """Send 200 reads of 20 unknown ids: one DynamoDB read for each id is allowed."""
    ids = [str(uuid.uuid4()) for _ in range(UNKNOWN_IDS)]
    rounds = UNKNOWN_REQUESTS // UNKNOWN_IDS
    return _burst(rig, f"{UNKNOWN_IDS} unknown ids", [ids] * rounds, allowed=UNKNOWN_IDS)


def _burst(rig: FaultRig, what: str, id_lists: Sequence[Sequence[str]], allowed: int) -> Stampede:
    """Start one reader for each list of ids, all at the same time."""
    start, statuses = threading.Barrier(len(id_lists)), set[int]()

    def read(ids: Sequence[str]) -> None:
        client = Client(rig.api.url)
        client.send("GET", "/products/none")  # connects; an invalid id is not looked up
        start.wait(timeout=30)
        statuses.update(client.send("GET", f"/products/{each}").status for each in ids)
        client.close()

    rig.dynamodb_proxy.tell(mode="count")
    readers = [threading.Thread(target=read, args=[ids]) for ids in id_lists]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    reads = rig.dynamodb_proxy.tell(mode="count").get("GetItem", 0)
    return Stampede(what, sum(map(len, id_lists)), statuses, reads, allowed)
