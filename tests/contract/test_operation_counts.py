"""What each use costs: Redis commands on the wire, and DynamoDB calls."""

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
    """Return the catalog as the application wires it, over each kind of Redis."""
    return wire(redis=redis).products.catalog


def test_a_hit_costs_one_command_and_no_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """A cached product is answered by one GETEX, and DynamoDB is not asked."""
    mouse = catalog.create(a_draft())
    catalog.get(mouse.id)

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.get(mouse.id)

    assert ["GETEX"] == sent
    assert [] == asked


def test_a_miss_costs_three_commands_and_one_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Look, lease, load, fill."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.get(mouse.id)

    assert ["GETEX", "SET", "EVAL"] == sent
    assert ["GetItem"] == asked


def test_a_negative_hit_costs_one_command_and_no_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """That there is nothing is known from the cache, too."""
    catalog.get(SOME_ID)

    with redis.commands() as sent, moto_table.calls() as asked:
        assert catalog.get(SOME_ID).item is None

    assert ["GETEX"] == sent
    assert [] == asked


def test_a_creation_costs_no_command(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """There is no entry that a new product could make stale."""
    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.create(a_draft())

    assert [] == sent
    assert ["PutItem"] == asked


def test_an_update_costs_two_commands_and_one_call(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Fence, write, release; nothing is read first."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.update(mouse.id, {"name": "Ball"}, Precondition([mouse.version]))

    assert ["EVAL", "EVAL"] == sent
    assert ["UpdateItem"] == asked


def test_a_deletion_costs_two_commands_and_one_call(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """Fence, delete, release."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.delete(mouse.id)

    assert ["EVAL", "EVAL"] == sent
    assert ["DeleteItem"] == asked


def test_a_refused_write_costs_no_more(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """To learn why it was refused takes no read."""
    with redis.commands() as sent, moto_table.calls() as asked, pytest.raises(NotFound):
        catalog.update(SOME_ID, {"name": "Ball"})

    assert ["EVAL", "EVAL"] == sent
    assert ["UpdateItem"] == asked


def test_no_change_costs_one_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """An update that names nothing leaves the entry alone."""
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.update(mouse.id, {})

    assert [] == sent
    assert ["GetItem"] == asked


def test_a_page_costs_one_query_and_no_command(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    """However many products are on it."""
    for _ in range(5):
        catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        assert 5 == len(catalog.list(10).items)

    assert [] == sent
    assert ["Scan"] == asked


def test_a_hundred_products_cost_five_round_trips(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty keys each; on a miss one more for the leases, five for the fills, and one query."""
    monkeypatch.setattr(batch, "PATIENCE_SECONDS", 60)
    ids = [catalog.create(a_draft()).id for _ in range(100)]

    before = redis.round_trips
    with redis.commands() as missed, moto_table.calls() as asked:
        catalog.get_many(ids)
    between = redis.round_trips
    with redis.commands() as hit:
        catalog.get_many(ids)

    assert ["GETEX"] * 100 + ["SET"] * 100 + ["EVAL"] * 100 == missed
    assert ["BatchGetItem"] == asked
    assert ["GETEX"] * 100 == hit
    assert (5 + 1 + 5, 5) == (between - before, redis.round_trips - between)


def test_without_a_cache_a_read_costs_one_query(
    wire: Wire, redis: Recorder, moto_table: RecordingTable
) -> None:
    """CACHE_ENABLED=false, and no Redis named: none is asked, neither to read nor to write."""
    catalog = wire(redis=redis, CACHE_ENABLED="false", REDIS_HOST="").products.catalog
    mouse = catalog.create(a_draft())

    with redis.commands() as sent, moto_table.calls() as asked:
        catalog.get(mouse.id)
        catalog.update(mouse.id, {"name": "Ball"})

    assert [] == sent
    assert ["GetItem", "UpdateItem"] == asked


def test_what_is_written_while_the_cache_is_off_is_seen_when_it_is_on_again(
    wire: Wire, redis: Recorder
) -> None:
    """With a Redis named, reads are bypassed, but writes go on deleting their keys."""
    mouse = wire(redis=redis).products.catalog.create(a_draft())
    wire(redis=redis).products.catalog.get(mouse.id)

    wire(redis=redis, CACHE_ENABLED="false").products.catalog.update(mouse.id, {"name": "Ball"})

    item, _ = wire(redis=redis).products.catalog.get(mouse.id)
    assert item is not None
    assert '"Ball"' in item.body


def test_past_an_open_circuit_a_read_costs_one_query(
    wire: Wire, fake_redis: Recorder, moto_table: RecordingTable
) -> None:
    """A Redis that is down is not asked each time."""
    catalog = wire().products.catalog
    mouse = catalog.create(a_draft())
    fake_redis.connection_pool.connection_kwargs["server"].connected = False
    for _ in range(FAILURES):
        catalog.get(mouse.id)

    with fake_redis.commands() as sent, moto_table.calls() as asked:
        catalog.get(mouse.id)

    assert [] == sent
    assert ["GetItem"] == asked


def test_the_server_counts_the_same(wire: Wire, real_redis: Recorder) -> None:
    """Valkey's own statistics agree: a hit is one GETEX, also where nobody records."""
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
