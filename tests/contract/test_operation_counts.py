"""The Redis commands and DynamoDB calls of each operation."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from chalicelib.caching import batch
from chalicelib.caching.entries import Outcome
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.products.catalog import Catalog
from chalicelib.resources.precondition import Precondition
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_draft


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


def _outdated(catalog: Catalog, product_id: str) -> None:
    with pytest.raises(PreconditionFailed):
        catalog.update(product_id, {"name": "Ball"}, Precondition([0]))


def _missing(catalog: Catalog, _: str) -> None:
    with pytest.raises(NotFound):
        catalog.update(SOME_ID, {"name": "Ball"})


class Cost(NamedTuple):
    """An operation on a product, its Redis commands and its DynamoDB calls."""

    operation: Callable[[Catalog, str], object]
    commands: list[str]
    calls: list[str]
    cached: bool = False
    """Whether the product is cached before."""


COSTS = {
    "hit": Cost(_hit, GET, [], cached=True),
    "miss": Cost(lambda catalog, mouse: catalog.get(mouse), MISS, ["GetItem"]),
    "negative miss": Cost(lambda catalog, _: catalog.get(SOME_ID), MISS, ["GetItem"]),
    "creation": Cost(lambda catalog, _: catalog.create(MOUSE), [], ["PutItem"]),
    "update": Cost(
        lambda catalog, mouse: catalog.update(mouse, {"name": "Ball"}), WRITE, ["UpdateItem"]
    ),
    "update of an old version": Cost(_outdated, WRITE, ["UpdateItem"]),
    "update of a missing product": Cost(_missing, WRITE, ["UpdateItem"]),
    "empty update": Cost(lambda catalog, mouse: catalog.update(mouse, {}), [], ["GetItem"]),
    "deletion": Cost(lambda catalog, mouse: catalog.delete(mouse), WRITE, ["DeleteItem"]),
    "page": Cost(lambda catalog, _: catalog.list(10), [], ["Scan"]),
}


@pytest.mark.parametrize("name", COSTS)
def test_an_operation_costs_these_commands_and_calls(
    catalog: Catalog, redis: Recorder, moto_table: RecordingTable, name: str
) -> None:
    """A write does not read first, also if it is refused."""
    cost = COSTS[name]
    mouse, _ = catalog.create(MOUSE), catalog.create(MOUSE)
    if cost.cached:
        catalog.get(mouse.id)

    with redis.commands() as sent, moto_table.calls() as calls:
        cost.operation(catalog, mouse.id)

    assert cost.commands == sent
    assert cost.calls == calls


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
