"""
Real failovers under load: two Valkeys, the whole stack, and a host name that changes.

The host name is the proxy's port. `upstream` changes the target of new connections; open ones stay.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import redis

from dev.faults.client import Client, wait_until_cached
from dev.faults.load import Load
from dev.faults.report import Report
from dev.faults.rig import FaultRig
from dev.faults.timeline import Timeline
from dev.stack.servers import Api, Valkey
from tests.doubles.cluster import eventually

pytestmark = pytest.mark.slow

PAUSED_SECONDS = 1.0
"""Longer than a write waits for its two commands, so some are acknowledged meanwhile."""
NAME_SECONDS = 1.3
"""How long the name leads to the old primary. An open circuit tries again within this time."""
WRITES = 20
PATIENT = {"REDIS_TIMEOUT_SECONDS": "0.3"}
"""As in `test_freshness.py`: a busy machine is no outage. Much less than PAUSED_SECONDS."""
_NOWHERE: Final = Path(os.devnull)


class FailoverPair:
    """A rig's Valkey, which is the first primary, and its replica."""

    def __init__(self, rig: FaultRig, replica: Valkey) -> None:
        self.old, self.new = rig.redis, redis.Redis(port=replica.port, socket_timeout=5)
        self._rig, self._replica = rig, replica
        for each in (self.old, self.new):
            each.config_set("repl-diskless-sync-delay", 0)
        self._follow(self.new, rig.valkey)

    @contextmanager
    def failing_over(self) -> Iterator[None]:
        """Pause writes on the primary during the block; then the replica is the primary."""
        self._replica.signal(signal.SIGSTOP)  # so that it does not catch up
        self.old.execute_command("FAILOVER")
        yield
        self._replica.signal(signal.SIGCONT)
        eventually(lambda: [_role(each) for each in (self.old, self.new)] == ["slave", "master"])

    def promote(self) -> None:
        """Make the replica a primary when it has all of the primary's data."""
        self.old.wait(1, 1000)
        self.new.replicaof("NO", "ONE")

    def demote(self) -> None:
        """Make the old primary a replica of the new one."""
        self.old.replicaof("127.0.0.1", self._replica.port)

    def switch_name(self) -> None:
        """Make the name lead to the new primary."""
        self._rig.redis_proxy.lead_to(self._replica.port)

    def _follow(self, replica: redis.Redis, primary: Valkey) -> None:
        replica.replicaof("127.0.0.1", primary.port)
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")


def _role(client: redis.Redis) -> str:
    return str(client.info("replication")["role"])


@contextmanager
def _pair(rig: FaultRig) -> Iterator[FailoverPair]:
    with Valkey(log=_NOWHERE, options={"--shutdown-timeout": "0"}) as replica:
        yield FailoverPair(rig, replica)


def _under_load(act: Callable[[FailoverPair], None]) -> Report:
    """
    Run a load before, during and after a failover by `act`.

    A read that ends before the name changes is never excused.
    """
    timeline = Timeline()
    with FaultRig(**PATIENT) as rig, _pair(rig) as pair:
        load = Load(rig.api.url, timeline, clients=6, products=20)
        load.start()
        time.sleep(1)
        with timeline.window("failover", outage=True, refuses=True) as window:
            act(pair)
            time.sleep(NAME_SECONDS)
            window.mend()
            pair.switch_name()
        time.sleep(2)
        with timeline.window("recovered"):
            time.sleep(1)
        load.stop()
    return Report(load)


def _assert_kept(report: Report) -> None:
    """No read was stale, calls continued, and hits returned."""
    assert report.is_kept, str(report)
    failover, recovered = report.phases["failover"], report.phases["recovered"]
    assert 0 == failover["broken"] + failover["overdue"] + failover["late"]
    assert failover["calls"] > 50
    assert recovered["hits %"] > 10


def test_a_coordinated_failover_is_never_stale() -> None:
    """Reads are bypasses while writes are paused and while the name leads to the old primary."""

    def fail_over(pair: FailoverPair) -> None:
        with pair.failing_over():
            time.sleep(PAUSED_SECONDS)

    _assert_kept(_under_load(fail_over))


def test_a_read_during_a_write_pause_returns_the_last_write() -> None:
    """Fence, release and read time out, so the read is a bypass."""
    with FaultRig(**PATIENT) as rig, _pair(rig) as pair:
        client = Client(rig.api.url)
        path = _cached_product(client)
        with pair.failing_over():
            written = client.send("PATCH", path, {"stock_quantity": 7})
            read = client.send("GET", path)
        assert (written.version, "BYPASS") == (read.version, read.cache)

        pair.switch_name()
        eventually(lambda: _is_hit(client, path, written.version))


def test_min_replicas_to_write_prevents_two_primaries() -> None:
    """The old primary refuses writes after the promotion, so it is not read."""

    def promote(pair: FailoverPair) -> None:
        for each in (pair.old, pair.new):
            each.config_set("min-replicas-to-write", 1)
        pair.promote()
        time.sleep(PAUSED_SECONDS)
        pair.demote()
        eventually(lambda: pair.new.info("replication")["connected_slaves"] == 1)

    _assert_kept(_under_load(promote))


def test_a_demoted_primary_is_not_read() -> None:
    """Before that, clients connected to it read old values: a documented caveat."""
    with FaultRig(stream=False, **PATIENT) as rig, _pair(rig) as pair:
        old_client = Client(rig.api.url)
        path = _cached_product(old_client)
        pair.promote()
        pair.switch_name()
        with Api(rig.environment(), log=_NOWHERE) as api:
            writer = Client(api.url)

            assert _stale_reads(path, writer, old_client) == WRITES
            pair.old.config_set("masterauth", "wrong")  # so that it does not catch up
            pair.demote()
            assert _stale_reads(path, writer, old_client) == 0
        eventually(lambda: old_client.send("GET", path).cache == "HIT")


def _is_hit(client: Client, path: str, version: int | None) -> bool:
    read = client.send("GET", path)
    return (read.version, read.cache) == (version, "HIT")


def _cached_product(client: Client) -> str:
    product_id = client.create()
    wait_until_cached(client, product_id)
    return f"/products/{product_id}"


def _stale_reads(path: str, writer: Client, reader: Client) -> int:
    """Return how many reads, one after each write, missed that write."""
    writes = (writer.send("PATCH", path, {"stock_quantity": n}).version for n in range(WRITES))
    return sum(reader.send("GET", path).version != version for version in writes)
