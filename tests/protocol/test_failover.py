"""
Real failovers under load: two Valkeys, the whole stack, and a name that leads to another primary.

The name is the proxy's port: `upstream` changes where new connections lead; open ones stay.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from dev.faults import report
from dev.faults.client import Client, wait_until_cached
from dev.faults.load import Load
from dev.faults.product_pool import draft
from dev.faults.rig import FaultRig
from dev.faults.timeline import Timeline
from dev.stack.servers import Api, Valkey
from tests.doubles.cluster import eventually

pytestmark = pytest.mark.slow

PAUSED_SECONDS = 1.0
"""Longer than a write waits for its two commands, so some are acknowledged in it."""
NAME_SECONDS = 1.3
"""The name leads to the old primary for so long: an open circuit lets reads try again."""
WRITES = 20
PATIENT = {"REDIS_TIMEOUT_SECONDS": "0.3"}
"""As in `test_freshness.py`: a busy machine is no outage. Far less than PAUSED_SECONDS."""
_NOWHERE: Final = Path(os.devnull)


class Pair:
    """A rig's Valkey, which is the primary at first, and a replica of it."""

    def __init__(self, rig: FaultRig, replica: Valkey) -> None:
        self.old, self.new = rig.redis, redis.Redis(port=replica.port, socket_timeout=5)
        self._rig, self._replica = rig, replica
        for each in (self.old, self.new):
            each.config_set("repl-diskless-sync-delay", 0)
        self._follow(self.new, rig.valkey)

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """Have the primary pause writes for the block, and the replica be the primary after it."""
        self._replica.signal(signal.SIGSTOP)  # so it does not catch up
        self.old.execute_command("FAILOVER")
        yield
        self._replica.signal(signal.SIGCONT)
        eventually(lambda: [_role(each) for each in (self.old, self.new)] == ["slave", "master"])

    def promote(self) -> None:
        """Make the replica, when it has what the primary has, a primary too."""
        self.old.wait(1, 1000)
        self.new.replicaof("NO", "ONE")

    def demote(self) -> None:
        """Make the old primary a replica of the new one."""
        self.old.replicaof("127.0.0.1", self._replica.port)

    def lead_to_the_new_one(self) -> None:
        """Change where the name leads."""
        self._rig.redis_proxy.tell(mode="pass", upstream=self._replica.port)

    def _follow(self, replica: redis.Redis, primary: Valkey) -> None:
        replica.replicaof("127.0.0.1", primary.port)
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")


def _role(client: redis.Redis) -> str:
    return str(client.info("replication")["role"])


@contextmanager
def _pair(rig: FaultRig) -> Iterator[Pair]:
    with Valkey(log=_NOWHERE, options={"--shutdown-timeout": "0"}) as replica:
        yield Pair(rig, replica)


def _under_load(act: Callable[[Pair], None]) -> dict[str, Any]:
    """
    Return the figures of a load that goes on before, while and after `act` fails over.

    A read that begins before the name changes is never excused: it has to be fresh.
    """
    timeline = Timeline()
    with FaultRig(**PATIENT) as rig, _pair(rig) as pair:
        load = Load(rig.api.url, timeline)
        load.start(workers=6, products=20, seed=1)
        time.sleep(1)
        with timeline.window("failover", outage=True, refuses=True) as window:
            act(pair)
            time.sleep(NAME_SECONDS)
            window.mend()
            pair.lead_to_the_new_one()
        time.sleep(2)
        with timeline.window("mended", outage=False):
            time.sleep(1)
        return report.figures(load.stop(), None, 0)


def _assert_kept(figures: dict[str, Any]) -> None:
    """No read was stale, calls were made throughout, and there are hits again."""
    assert report.is_kept(figures), report.text(figures)
    phases = figures["phases"]
    assert 0 == sum(phases["failover"]["stale"].values())
    assert sum(phases["failover"]["statuses"].values()) > 50
    assert phases["mended"]["hit_ratio"] > 0.1


def test_a_coordinated_failover_is_never_stale() -> None:
    """Reads are bypasses while writes are paused, and while the name leads to the old primary."""

    def hand_over(pair: Pair) -> None:
        with pair.handing_over():
            time.sleep(PAUSED_SECONDS)

    _assert_kept(_under_load(hand_over))


def test_a_read_during_a_write_pause_returns_the_last_write() -> None:
    """Fence and release time out; the read times out too, and is a bypass."""
    with FaultRig(**PATIENT) as rig, _pair(rig) as pair:
        client = Client(rig.api.url)
        path = _cached_product(client)
        with pair.handing_over():
            written = client.send("PATCH", path, {"stock_quantity": 7})
            read = client.send("GET", path)
        assert (written.version, "BYPASS") == (read.version, read.cache)

        pair.lead_to_the_new_one()
        eventually(lambda: _is_hit(client, path, written.version))


def test_min_replicas_to_write_prevents_two_primaries() -> None:
    """The old primary refuses as soon as its replica is promoted, so it is not read."""

    def promote(pair: Pair) -> None:
        for each in (pair.old, pair.new):
            each.config_set("min-replicas-to-write", 1)
        pair.promote()
        time.sleep(PAUSED_SECONDS)
        pair.demote()
        eventually(lambda: pair.new.info("replication")["connected_slaves"] == 1)

    _assert_kept(_under_load(promote))


def test_a_demoted_primary_is_not_read() -> None:
    """Until then, clients with open connections to it read old values: a documented caveat."""
    with FaultRig(stream=False, **PATIENT) as rig, _pair(rig) as pair:
        left = Client(rig.api.url)
        path = _cached_product(left)
        pair.promote()
        pair.lead_to_the_new_one()
        with Api(rig.environment(), log=_NOWHERE) as api:
            writer = Client(api.url)

            assert _stale_reads(path, writer, left) == WRITES
            pair.old.config_set("masterauth", "wrong")  # so it does not catch up
            pair.demote()
            assert _stale_reads(path, writer, left) == 0
        eventually(lambda: left.send("GET", path).cache == "HIT")


def _is_hit(client: Client, path: str, version: int | None) -> bool:
    read = client.send("GET", path)
    return (read.version, read.cache) == (version, "HIT")


def _cached_product(client: Client) -> str:
    product_id = client.send("POST", "/products", draft(0)).json()["id"]
    wait_until_cached(client, product_id)
    return f"/products/{product_id}"


def _stale_reads(path: str, writer: Client, reader: Client) -> int:
    """Return how many of the reads, one after each write, did not show it."""
    writes = (writer.send("PATCH", path, {"stock_quantity": n}).version for n in range(WRITES))
    return sum(reader.send("GET", path).version != version for version in writes)
