"""A cluster of real Valkeys on this machine, and a client that notes what our store sends there."""

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
    """A Valkey in cluster mode, and a client of it alone."""

    def __init__(self, log: Path) -> None:
        self.bus = str(free_port())
        # While a test pauses a node, the others are not to vote it out.
        options = {"--cluster-node-timeout": "60000", "--cluster-port": self.bus}
        at_once = {"--repl-diskless-sync-delay": "0"}
        super().__init__(log=log, options={"--cluster-enabled": "yes", **options, **at_once})
        self.client = redis.Redis(port=self.port, protocol=2)

    @property
    def name_in_cluster(self) -> str:
        """What the others call it."""
        return str(self.tell("MYID").decode())

    def tell(self, *words: Any) -> Any:
        """Send it a CLUSTER command."""
        return self.client.execute_command("CLUSTER", *words)

    def meet(self, other: "ClusterNode") -> None:
        """Join the cluster that the other is in."""
        self.tell("MEET", other.host, other.port, other.bus)

    def replicate(self, primary: "ClusterNode") -> None:
        """Join as a replica; return when it has all that the primary has."""
        self.meet(primary)
        eventually(lambda: primary.name_in_cluster.encode() in self.tell("NODES"))
        self.tell("REPLICATE", primary.name_in_cluster)
        eventually(lambda: self.client.info("replication")["master_link_status"] == "up")


class LocalCluster:
    """Three nodes that share the slots evenly, in the order of their list."""

    def __init__(self, logs: Path) -> None:
        self.nodes = [ClusterNode(logs / f"node-{n}.log") for n in range(SHARDS)]
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start it."""
        for n, node in enumerate(self.nodes):
            self._running.enter_context(node)
            node.tell("ADDSLOTSRANGE", n * _SLOTS // SHARDS, (n + 1) * _SLOTS // SHARDS - 1)
            node.meet(self.nodes[0])
        eventually(lambda: all("cluster_state:ok" in _info(node) for node in self.nodes))
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._running.close()

    def client(self, **variables: str) -> "RecordingCluster":
        """Return a client of all; `variables` are settings of our store's."""
        return RecordingCluster(self.nodes[0], **variables)


class RecordingCluster(redis.RedisCluster):
    """redis-py's own client to look around with, and our store, whose commands it notes."""

    def __init__(self, seed: ClusterNode, **variables: str) -> None:
        super().__init__(seed.host, seed.port, protocol=2)
        where = {"REDIS_HOST": seed.host, "REDIS_PORT": str(seed.port), "REDIS_CLUSTER": "true"}
        patient = {"REDIS_TIMEOUT_SECONDS": "1"}
        self._settings = examples.settings(**where, **patient | variables)
        self._sent: list[str] = []

    def store(self) -> ClusterStore:
        """Return our store over the cluster, which knows no node yet."""
        seed = Address(self._settings.redis_host, self._settings.redis_port)
        return ClusterStore(Nodes(self._client_of, seed))

    @contextmanager
    def commands(self) -> Iterator[list[str]]:
        """Give a list to which every command of the block is added."""
        self._sent = sent = []
        try:
            yield sent
        finally:
            self._sent = []

    def _note(self, command: str) -> None:
        self._sent.append(command)

    def _client_of(self, host: str, port: int) -> redis.Redis:
        client = connector(self._settings)(host, port)
        recording = RecordingRedis.from_pool(client.connection_pool)
        client.auto_close_connection_pool = False
        recording.note = self._note
        return recording


def eventually(agreed: Callable[[], bool]) -> None:
    """Return once the nodes have told each other."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not agreed():
        assert time.monotonic() < deadline, "the nodes do not agree"
        time.sleep(0.05)


def _info(node: ClusterNode) -> str:
    return str(node.tell("INFO").decode())
