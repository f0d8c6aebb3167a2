"""The Redis commands and DynamoDB calls of each operation."""

from collections.abc import Callable

import pytest

from chalicelib.caching import batch
from chalicelib.caching.entries import Outcome
from chalicelib.errors import PreconditionFailed
from chalicelib.products.catalog import Catalog
from chalicelib.resources.precondition import Precondition
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_draft

Operation = Callable[[Catalog, str], object]


@pytest.fixture
def catalog(wire: Wire, redis: Recorder) -> Catalog:
    """Return the application's catalog, with each kind of Redis."""
    return wire(redis=redis).products.catalog


MOUSE = a_draft()
GET = ["GETEX"]
MISS = ["GETEX", "SET", "EVAL"]
WRITE = ["EVAL", "EVAL"]


def _hit(catalog: Catalog, product_id: str) -> None:
    assert Outcome.HIT == catalog.get(product_id).outcome


def _refused(catalog: Catalog, product_id: str) -> None:
    with pytest.raises(PreconditionFailed):
        catalog.update(product_id, {"name": "Ball"}, Precondition([0]))


OPERATIONS: dict[str, tuple[Operation, bool, list[str], list[str]]] = {
    "hit": (_hit, True, GET, []),
    "miss": (lambda catalog, product_id: catalog.get(product_id), False, MISS, ["GetItem"]),
    "negative miss": (lambda catalog, _: catalog.get(SOME_ID), False, MISS, ["GetItem"]),
    "creation": (lambda catalog, _: catalog.create(MOUSE), False, [], ["PutItem"]),
    "update": (
        lambda catalog, product_id: catalog.update(product_id, {"name": "Ball"}, Precondition()),
        *(False, WRITE, ["UpdateItem"]),
    ),
    "refused update": (_refused, False, WRITE, ["UpdateItem"]),
    "empty update": (
        lambda catalog, product_id: catalog.update(product_id, {}),
        *(False, [], ["GetItem"]),
    ),
    "deletion": (
        lambda catalog, product_id: catalog.delete(product_id),
        *(False, WRITE, ["DeleteItem"]),
    ),
    "page": (lambda catalog, _: catalog.list(10), False, [], ["Scan"]),
}
"""Whether the product is cached before; then the Redis commands and the DynamoDB calls."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_costs_these_commands_and_calls(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable, name: str
) -> None:
    """A write does not read first, also if it is refused."""
    operation, cached, commands, expected = OPERATIONS[name]
    mouse, _ = catalog.create(MOUSE), catalog.create(MOUSE)
    if cached:
        catalog.get(mouse.id)

    with redis.commands() as sent, moto_table.calls() as calls:
        operation(catalog, mouse.id)

    assert commands == sent
    assert expected == calls


def test_a_negative_hit_costs_one_command_and_no_query(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable
) -> None:
    catalog.get(SOME_ID)

    with redis.commands() as sent, moto_table.calls() as calls:
        assert catalog.get(SOME_ID).item is None

    assert GET == sent
    assert [] == calls


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
