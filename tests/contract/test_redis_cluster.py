"""A `ClusterStore` with three real Valkeys: hanging nodes and moving keys."""

import itertools
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.crc import key_slot

from chalicelib import telemetry
from chalicelib.bootstrap import Container
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.caching.protocol import Cache
from chalicelib.errors import CacheUnavailable
from chalicelib.redis_store.circuit_breaker import FAILURES
from dev.deploy import templates
from tests import examples
from tests.doubles.caching import CountingLoader, a_cache
from tests.doubles.cluster import SHARDS, ClusterNode, LocalCluster, RecordingCluster, eventually
from tests.doubles.recording import RecordingTable

HIT, MISS, BYPASS = Outcome.HIT, Outcome.MISS, Outcome.BYPASS


def _key_of(shard: int, n: int = 0) -> str:
    """Return the `n`th key of a shard."""
    keys = (f"product:{n}-{i}" for i in itertools.count())
    return next(key for key in keys if key_slot(key.encode()) * SHARDS // 16384 == shard)


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[RecordingCluster]:
    """Return a client of the empty cluster with a short time-out."""
    client = cluster.client(REDIS_TIMEOUT_SECONDS="0.1")
    client.flushall()
    yield client
    client.close()


def test_the_settings_connect_to_the_cluster(
    client: RecordingCluster, cluster: LocalCluster, moto_table: RecordingTable
) -> None:
    """REDIS_CLUSTER=true and the address of any node are enough."""
    where = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(cluster.nodes[0].port)}
    settings = examples.settings(
        **where, PRODUCTS_TABLE=moto_table.name, REDIS_CLUSTER="true", REDIS_TIMEOUT_SECONDS="1"
    )
    catalog = Container(settings, dynamodb=moto_table.client).products.catalog
    made = [catalog.create(examples.a_draft()) for _ in range(12)]

    for outcome in (MISS, HIT):
        assert {outcome} == {catalog.get(product.id).outcome for product in made}
    assert 12 == sum(client.dbsize(target_nodes=node) for node in client.get_primaries())


@contextmanager
def _paused(*nodes: ClusterNode) -> Iterator[None]:
    """Pause nodes during the block."""
    for node in nodes:
        node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in nodes:
            node.signal(signal.SIGCONT)


def _outcomes(cache: Cache[str]) -> list[Outcome]:
    """Read a key of each node and return the outcomes."""
    return [cache.fetch(_key_of(shard), CountingLoader()).outcome for shard in range(SHARDS)]


def _write(cache: Cache[str], key: str) -> None:
    with cache.fenced(key):
        pass


def test_a_hanging_node_affects_only_its_own_keys(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Other nodes keep answering. After the pause all keys are cached again."""
    cache = a_cache(client)
    _outcomes(cache)

    with _paused(cluster.nodes[1]):
        for _ in range(FAILURES + 2):
            assert [HIT, BYPASS, HIT] == _outcomes(cache)
    _write(cache, _key_of(1))

    assert [HIT, MISS, HIT] == _outcomes(cache)


def test_a_node_that_refuses_writes_affects_only_its_own_keys(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Its values are not used, because it refuses fences."""
    cache, node = a_cache(client), cluster.nodes[1].client
    _outcomes(cache)

    node.config_set("min-replicas-to-write", 3)
    try:
        assert [HIT, BYPASS, HIT] == _outcomes(cache)
    finally:
        node.config_set("min-replicas-to-write", 0)

    assert [HIT, HIT, HIT] == _outcomes(cache)


@pytest.mark.parametrize("hung", range(SHARDS))
def test_a_hanging_node_does_not_block_invalidation_on_others(
    client: RecordingCluster, cluster: LocalCluster, hung: int
) -> None:
    """Every key of the batch is tried before it raises."""
    cache = a_cache(client)
    keys = [_key_of(shard, n) for n in range(3) for shard in range(SHARDS)]
    for key in keys:
        client.set(key, b"Vtext:old")

    with _paused(cluster.nodes[hung]):
        with pytest.raises(CacheUnavailable):
            cache.invalidate(dict.fromkeys(keys))

        elsewhere = [
            _key_of(shard, n) for n in range(3) for shard in range(SHARDS) if shard != hung
        ]
        assert [] == [key for key in elsewhere if client.exists(key)]


def test_the_circuit_of_a_hanging_node_opens(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Hits on other nodes do not close it. (Once a second, one read tries.)"""
    cache = a_cache(client)

    with _paused(cluster.nodes[1]):
        for _ in range(FAILURES):
            _outcomes(cache)
        with client.commands() as sent:
            for _ in range(20):
                assert BYPASS == cache.fetch(_key_of(1), CountingLoader()).outcome

    assert sent.count("GETEX") < 5


def test_a_write_waits_at_most_three_time_outs(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """For the fence, the release, and once a second for the map of slots."""
    cache = a_cache(client)

    with _paused(*cluster.nodes), client.commands() as sent:
        _write(cache, _key_of(0))

    assert 2 == sent.count("EVAL")
    assert sent.count("CLUSTER") <= 1
    assert len(sent) <= 3


def test_a_cold_start_without_a_cluster_is_a_bypass(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """The first command connects. Reads request the map of slots once a second."""
    store = client.store()

    with _paused(*cluster.nodes), client.commands() as sent:
        for _ in range(20):
            with pytest.raises(CacheUnavailable):
                store.get("k")
        assert sent.count("CLUSTER") < 5
        with pytest.raises(CacheUnavailable):
            store.run("return 1", "k")

    assert 1 == store.run("return 1", "k")


def test_a_batch_waits_once_for_a_hanging_node(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Fifty keys wait as long as one. They are loaded."""
    keys = [_key_of(shard, n) for n in range(50) for shard in range(SHARDS)]
    cache = a_cache(client)

    started = time.monotonic()
    with _paused(cluster.nodes[1]):
        found = cache.fetch_many(keys, lambda missing: dict.fromkeys(missing, "x"))

    assert dict.fromkeys(keys, "x") == found
    assert time.monotonic() - started < 10 * 0.1  # not 50 times


@pytest.mark.parametrize("hung", range(SHARDS))
def test_an_open_circuit_of_one_node_does_not_affect_others(
    client: RecordingCluster, cluster: LocalCluster, hung: int
) -> None:
    """The node's keys are loaded each time; other misses are loaded and filled once."""
    cache = a_cache(client)
    own = [_key_of(hung, n) for n in range(25)]
    elsewhere = [_key_of(shard, n) for n in range(25) for shard in range(SHARDS) if shard != hung]
    loads: list[set[str]] = []

    def load(missing: Sequence[str]) -> dict[str, str]:
        loads.append(set(missing))
        return dict.fromkeys(missing, "x")

    cache.fetch_many(own + elsewhere, load)
    cache.invalidate(dict.fromkeys(elsewhere[:2]))
    with _paused(cluster.nodes[hung]):
        for _ in range(FAILURES):
            cache.fetch(own[0], CountingLoader())
        for _ in range(2):
            assert 75 == len(cache.fetch_many(own + elsewhere, load))

    assert [{*own, *elsewhere[:2]}, set(own)] == loads[1:]


def test_a_failed_fill_is_not_counted_as_refused(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Only a write in between refuses a fill. Here the node hangs."""
    cache, node = a_cache(client), cluster.nodes[1]
    trace = telemetry.begin()

    def load(keys: Sequence[str]) -> dict[str, str]:
        node.signal(signal.SIGSTOP)
        return dict.fromkeys(keys, "x")

    try:
        cache.fetch_many([_key_of(1)], load)
    finally:
        node.signal(signal.SIGCONT)

    assert 1 == trace.tally.counts["CacheMisses"]
    assert "FillsRefused" not in trace.tally.counts


def test_the_health_check_fails_if_one_node_hangs(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """Every node must answer."""
    store = client.store()
    store.check("k")

    with _paused(cluster.nodes[2]), pytest.raises(CacheUnavailable):
        store.check("k")


@contextmanager
def _moving(key: str, source: ClusterNode, target: ClusterNode) -> Iterator[None]:
    """Migrate a key's slot: it is moving during the block and has moved after it."""
    slot = key_slot(key.encode())
    target.cluster_command("SETSLOT", slot, "IMPORTING", source.name_in_cluster)
    source.cluster_command("SETSLOT", slot, "MIGRATING", target.name_in_cluster)
    yield
    source.client.execute_command("MIGRATE", target.host, target.port, key, 0, 5000)
    for node in (target, source):
        node.cluster_command("SETSLOT", slot, "NODE", target.name_in_cluster)


def _move(key: str, source: ClusterNode, target: ClusterNode) -> None:
    with _moving(key, source, target):
        pass


@pytest.mark.parametrize("many", [False, True])
def test_a_moved_slot_is_followed(
    client: RecordingCluster, cluster: LocalCluster, *, many: bool
) -> None:
    """A hit after one redirection; the next read needs none."""
    cache, key, (source, target, _) = a_cache(client), _key_of(0), cluster.nodes
    cache.fetch(key, CountingLoader("x"))
    _move(key, source, target)
    try:
        with client.commands() as sent:
            if many:
                assert {key: "x"} == cache.fetch_many([key], lambda _: {})
            else:
                assert Fetched("x", HIT) == cache.fetch(key, CountingLoader("y"))
                assert ["GETEX", "CLUSTER", "GETEX"] == sent
        sent.clear()
        with client.commands() as sent:
            assert Fetched("x", HIT) == cache.fetch(key, CountingLoader("y"))
        assert ["GETEX"] == sent
    finally:
        _move(key, target, source)


def test_a_moving_slot_uses_its_new_node(client: RecordingCluster, cluster: LocalCluster) -> None:
    """Keys that are not on the old node are leased, filled and fenced on the new one."""
    cache, key, (source, target, _) = a_cache(client), _key_of(0, 1), cluster.nodes
    with _moving(key, source, target):
        assert Fetched("x", MISS) == cache.fetch(key, CountingLoader("x"))
        assert Fetched("x", HIT) == cache.fetch(key, CountingLoader("y"))
        _write(cache, key)
        assert Fetched("z", MISS) == cache.fetch(key, CountingLoader("z"))
        assert {key: "z"} == cache.fetch_many([key], lambda _: {})

    assert Fetched("z", HIT) == cache.fetch(key, CountingLoader("w"))
    _move(key, target, source)


@pytest.fixture
def template_user(cluster: LocalCluster) -> Iterator[None]:
    """Create a Redis user with the template's rights for a cluster."""
    given = templates.data()["Mappings"]["Redis"]["User"]
    rights = f"{given['Access']} {given['InCluster']}".split()
    for node in cluster.nodes:
        node.client.execute_command("ACL", "SETUSER", "catalog", ">p", *rights)
    yield
    for node in cluster.nodes:
        node.client.acl_deluser("catalog")


@pytest.mark.usefixtures("template_user")
def test_the_template_gives_the_rights_that_a_cluster_needs(cluster: LocalCluster) -> None:
    """The map of slots, moving slots and the health check work."""
    client = cluster.client(REDIS_USERNAME="catalog", REDIS_PASSWORD="p")
    cache, key, (source, target, _) = a_cache(client), _key_of(0, 4), cluster.nodes
    with _moving(key, source, target), client.commands() as sent:
        client.store().check("product:health")
        assert Fetched("x", MISS) == cache.fetch(key, CountingLoader("x"))
        assert {key: "x"} == cache.fetch_many([key], lambda _: {})
        _write(cache, key)

    assert {"CLUSTER", "EVAL", "GETEX", "ASKING", "SET"} == set(sent)
    _move(key, target, source)
    client.close()


def test_keys_of_a_moving_slot_are_cached(client: RecordingCluster, cluster: LocalCluster) -> None:
    """Each key may be on either node, so each is read separately."""
    cache, key, (source, target, _) = a_cache(client), _key_of(0, 2), cluster.nodes
    keys = [key, f"{{{key}}}"]  # of one slot
    with _moving(key, source, target):
        cache.fetch_many(keys, lambda _: dict.fromkeys(keys, "w"))
        assert dict.fromkeys(keys, "w") == cache.fetch_many(keys, lambda _: {})

    assert Fetched("w", HIT) == cache.fetch(key, CountingLoader("x"))
    _move(key, target, source)


def test_keys_of_a_moving_slot_are_invalidated(
    client: RecordingCluster, cluster: LocalCluster
) -> None:
    """The stream's batch does not fail while the slot moves."""
    cache, key, (source, target, _) = a_cache(client), _key_of(0, 3), cluster.nodes
    keys = [key, f"{{{key}}}", f"{{{key}}}2"]  # of one slot
    cache.fetch(keys[1], CountingLoader("here"))
    with _moving(key, source, target):
        cache.fetch(key, CountingLoader("there"))

        cache.invalidate(dict.fromkeys(keys))

        assert [] == [key for key in keys if client.exists(key)]

    _move(key, target, source)


def test_a_replica_replaces_a_dead_primary(tmp_path: Path) -> None:
    """Its keys are bypassed until then and cached after it, without a restart."""
    with LocalCluster(tmp_path) as cluster, ClusterNode(tmp_path / "replica.log") as replica:
        cluster.add_replica(replica)
        cache = a_cache(cluster.client(REDIS_TIMEOUT_SECONDS="0.1"))
        assert [MISS, MISS, MISS] == _outcomes(cache)

        cluster.nodes[0].signal(signal.SIGKILL)
        assert [BYPASS, HIT, HIT] == _outcomes(cache)
        replica.cluster_command("FAILOVER", "TAKEOVER")

        eventually(lambda: Outcome.HIT == cache.fetch(_key_of(0), CountingLoader()).outcome)
