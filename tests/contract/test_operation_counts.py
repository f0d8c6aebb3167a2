"""The Redis commands and DynamoDB calls of each operation."""

import pytest

from chalicelib.caching import batch
from chalicelib.errors import NotFound
from chalicelib.products.catalog import Catalog
from chalicelib.redis_store.circuit_breaker import FAILURES
from chalicelib.resources.precondition import Precondition
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_draft


@pytest.fixture
def catalog(wire: Wire, redis: Recorder) -> Catalog:
    """Return the application's catalog, with each kind of Redis."""
    return wire(redis=redis).products.catalog


def test_a_hit_costs_one_command_and_no_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """A hit is one GETEX and no DynamoDB call."""
    mouse = catalog.create(a_draft())
    catalog.get(mouse.id)

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.get(mouse.id)

    assert ["GETEX"] == sent
    assert [] == calls


def test_a_miss_costs_three_commands_and_one_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Read, lease, load, fill."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.get(mouse.id)

    assert ["GETEX", "SET", "EVAL"] == sent
    assert ["GetItem"] == calls


def test_a_negative_hit_costs_one_command_and_no_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """A negative entry is a hit."""
    catalog.get(SOME_ID)

    with redis.commands() as sent, moto_table.calls() as calls:
        assert catalog.get(SOME_ID).item is None

    assert ["GETEX"] == sent
    assert [] == calls


def test_a_creation_costs_no_command(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """A new product has no entry."""
    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.create(a_draft())

    assert [] == sent
    assert ["PutItem"] == calls


def test_an_update_costs_two_commands_and_one_call(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Fence, write, release, without a read."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.update(mouse.id, {"name": "Ball"}, Precondition([mouse.version]))

    assert ["EVAL", "EVAL"] == sent
    assert ["UpdateItem"] == calls


def test_a_deletion_costs_two_commands_and_one_call(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Fence, delete, release."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.delete(mouse.id)

    assert ["EVAL", "EVAL"] == sent
    assert ["DeleteItem"] == calls


def test_a_refused_write_costs_the_same(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """The reason for the refusal needs no read."""
    with redis.commands() as sent, moto_table.calls() as calls, pytest.raises(NotFound):
        catalog.update(SOME_ID, {"name": "Ball"})

    assert ["EVAL", "EVAL"] == sent
    assert ["UpdateItem"] == calls


def test_an_empty_update_costs_one_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """The entry stays."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.update(mouse.id, {})

    assert [] == sent
    assert ["GetItem"] == calls


def test_a_page_costs_one_query_and_no_command(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """For any number of products."""
    for _ in range(5):
        catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        assert 5 == len(catalog.list(10).items)

    assert [] == sent
    assert ["Scan"] == calls


def test_a_hundred_products_cost_five_round_trips(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty keys each. Misses need one more for the leases, five for the fills, and one query."""
    monkeypatch.setattr(batch, "PATIENCE_SECONDS", 60)
    ids = [catalog.create(a_draft()).id for _ in range(100)]

    before = redis.round_trips
    with redis.commands() as missed, moto_table.calls() as calls:
        catalog.get_many(ids)
    between = redis.round_trips
    with redis.commands() as hit:
        catalog.get_many(ids)

    assert ["GETEX"] * 100 + ["SET"] * 100 + ["EVAL"] * 100 == missed
    assert ["BatchGetItem"] == calls
    assert ["GETEX"] * 100 == hit
    assert (5 + 1 + 5, 5) == (between - before, redis.round_trips - between)


def test_without_a_cache_a_read_costs_one_query(
    wire: Wire, redis: Recorder, moto_table: RecordingTable
) -> None:
    """With CACHE_ENABLED=false and no REDIS_HOST, no command is sent."""
    catalog = wire(redis=redis, CACHE_ENABLED="false", REDIS_HOST="").products.catalog
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as calls:
        catalog.get(mouse.id)
        catalog.update(mouse.id, {"name": "Ball"})

    assert [] == sent
    assert ["GetItem", "UpdateItem"] == calls


def test_writes_delete_entries_while_the_cache_is_off(wire: Wire, redis: Recorder) -> None:
    """With REDIS_HOST, reads are bypassed and writes still delete their keys."""
    mouse = wire(redis=redis).products.catalog.create(a_draft())
    wire(redis=redis).products.catalog.get(mouse.id)

    wire(redis=redis, CACHE_ENABLED="false").products.catalog.update(mouse.id, {"name": "Ball"})

    item, _ = wire(redis=redis).products.catalog.get(mouse.id)
    assert item is not None
    assert '"Ball"' in item.body


def test_a_read_with_an_open_circuit_costs_one_query(
    wire: Wire, fake_redis: Recorder, moto_table: RecordingTable
) -> None:
    """No command is sent."""
    catalog = wire().products.catalog
    mouse = catalog.create(a_draft())
    fake_redis.connection_pool.connection_kwargs["server"].connected = False
    for _ in range(FAILURES):
        catalog.get(mouse.id)

    with fake_redis.commands() as sent, moto_table.calls() as calls:
        catalog.get(mouse.id)

    assert [] == sent
    assert ["GetItem"] == calls


def test_the_statistics_of_valkey_agree(wire: Wire, real_redis: Recorder) -> None:
    """Valkey's own statistics count one GETEX for a hit."""
    catalog = wire(redis=real_redis).products.catalog
    mouse = catalog.create(a_draft())
    catalog.get(mouse.id)
    real_redis.config_resetstat()

    catalog.get(mouse.id)

    counted = {
        name: each["calls"]
        for name, each in real_redis.info("commandstats").items()
        if name not in ("cmdstat_config|resetstat", "cmdstat_info")
    }
    assert {"cmdstat_getex": 1} == counted
