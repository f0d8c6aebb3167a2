"""A cluster of real Valkeys on this machine, and a client that records the store's commands."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import redis

from chalicelib.redis_store import ClusterStore
from chalicelib.redis_store.client import connector
from chalicelib.redis_store.nodes import Nodes
from chalicelib.redis_store.slots import Address
from dev.stack.programs import free_port
from dev.stack.servers import Valkey
from tests import examples
from tests.doubles.recording import RecordingRedis

SHARDS = 3
_SLOTS = 16384
_PATIENCE_SECONDS = 30.0


class ClusterNode(Valkey):
    """A Valkey in cluster mode, with a client of this node only."""

    def __init__(self, log: Path) -> None:
        self.bus = str(free_port())
        # Prevents a failover while a test pauses a node.
        options = {"--cluster-node-timeout": "60000", "--cluster-port": self.bus}
        at_once = {"--repl-diskless-sync-delay": "0"}
        super().__init__(log=log, options={"--cluster-enabled": "yes", **options, **at_once})
        self.client = redis.Redis(port=self.port, protocol=2)

    @property
    def name_in_cluster(self) -> str:
        """The node's id in the cluster."""
        return str(self.cluster_command("MYID").decode())

    def cluster_command(self, *words: Any) -> Any:
        """Send a CLUSTER command to the node."""
        return self.client.execute_command("CLUSTER", *words)

    def meet(self, other: "ClusterNode") -> None:
        """Join the cluster of another node."""
        self.cluster_command("MEET", other.host, other.port, other.bus)

    def replicate(self, primary: "ClusterNode") -> None:
        """Join as a replica; return when it has all of the primary's data."""
        self.meet(primary)
        eventually(lambda: primary.name_in_cluster.encode() in self.cluster_command("NODES"))
        self.cluster_command("REPLICATE", primary.name_in_cluster)
        eventually(lambda: self.client.info("replication")["master_link_status"] == "up")


class LocalCluster:
    """Three nodes that share the slots evenly, in the order of the list."""

    def __init__(self, logs: Path) -> None:
        self.nodes = [ClusterNode(logs / f"node-{n}.log") for n in range(SHARDS)]
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start the nodes."""
        for n, node in enumerate(self.nodes):
            self._running.enter_context(node)
            # Else all begin with the same epoch, and a takeover may come with that of the dead.
            node.cluster_command("SET-CONFIG-EPOCH", n + 1)
            node.cluster_command(
                "ADDSLOTSRANGE", n * _SLOTS // SHARDS, (n + 1) * _SLOTS // SHARDS - 1
            )
            node.meet(self.nodes[0])
        eventually(lambda: all("cluster_state:ok" in _info(node) for node in self.nodes))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the nodes."""
        self._running.close()

    def add_replica(self, replica: ClusterNode) -> None:
        """
        Add a replica of the first node; return when all nodes know it.

        A node that hears of it only later cannot learn that it has replaced a dead primary.
        """
        replica.replicate(self.nodes[0])
        eventually(lambda: all(_know_each_other(replica, node) for node in self.nodes))

    def client(self, **variables: str) -> "RecordingCluster":
        """Return a client of the cluster. `variables` are settings of the store."""
        return RecordingCluster(self.nodes[0], **variables)


class RecordingCluster(redis.RedisCluster):
    """redis-py's cluster client for inspection, and the project's store with recorded commands."""

    def __init__(self, seed: ClusterNode, **variables: str) -> None:
        super().__init__(seed.host, seed.port, protocol=2)
        where = {"REDIS_HOST": seed.host, "REDIS_PORT": str(seed.port), "REDIS_CLUSTER": "true"}
        patient = {"REDIS_TIMEOUT_SECONDS": "1"}
        self._settings = examples.settings(**where, **patient | variables)
        self._sent: list[str] = []

    def store(self) -> ClusterStore:
        """Return the project's store over the cluster. It has no map of the slots yet."""
        seed = Address(self._settings.redis_host, self._settings.redis_port)
        return ClusterStore(Nodes(self._client_of, seed))

    @contextmanager
    def commands(self) -> Iterator[list[str]]:
        """Yield a list to which every command of the block is added."""
        self._sent = sent = []
        try:
            yield sent
        finally:
            self._sent = []

    def _record(self, command: str) -> None:
        self._sent.append(command)

    def _client_of(self, host: str, port: int) -> redis.Redis:
        client = connector(self._settings)(host, port)
        recording = RecordingRedis.from_pool(client.connection_pool)
        client.auto_close_connection_pool = False
        recording.record = self._record
        return recording


def eventually(agree: Callable[[], bool]) -> None:
    """Wait until all nodes agree."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not agree():
        assert time.monotonic() < deadline, "the nodes do not agree"
        time.sleep(0.05)


def _know_each_other(one: ClusterNode, other: ClusterNode) -> bool:
    pairs = ((one, other), (other, one))
    return all(a.name_in_cluster.encode() in b.cluster_command("NODES") for a, b in pairs)


def _info(node: ClusterNode) -> str:
    return str(node.cluster_command("INFO").decode())
